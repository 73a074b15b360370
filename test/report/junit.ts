import { PassThrough } from 'node:stream'
import t from 'tap'
import {
  createEventStream,
  createRecap,
  junitReporter,
  type EventBody,
} from '../../lib/report/index.js'
import { isWellFormed } from '../fixtures/xml.js'

const error = {
  code: 'CHECK_FAILED',
  message: 'Cannot "be" <1> & \u001b[31m2\u0000\ud800',
} as const
const events: readonly EventBody[] = [
  { type: 'run', run: 'r', playbook: 'a <b>', check: false, hosts: ['c1'] },
  { type: 'play', play: 'One', hosts: ['c1'] },
  {
    type: 'task',
    host: 'c1',
    role: 'base',
    task: 'file /a',
    status: 'changed',
    changes: [],
    duration: 5,
  },
  { type: 'task', host: 'c1', task: 'file /b', status: 'failed', changes: [], duration: 5 },
  { type: 'failure', host: 'c1', unreachable: false, error: { ...error, task: 'file /b' } },
  { type: 'play', play: 'Two', hosts: [] },
  { type: 'check', host: 'c1', check: 'it holds', result: 'passed', duration: 1500 },
  { type: 'check', host: 'c1', check: 'that holds', result: 'failed', duration: 1, error },
  { type: 'check', host: 'c1', check: 'all', result: 'skipped', duration: 0, reason: 'line\nline' },
  { type: 'recap', run: 'r', playbook: 'a <b>', check: false, exitCode: 2, duration: 9, hosts: {} },
]

t.test('junitReporter() writes one document, at the end', async (t) => {
  const out = new PassThrough()
  const stream = createEventStream([junitReporter(out)])
  for (const event of events.slice(0, -1)) stream.emit(event)
  t.equal(out.read(), null)
  stream.emit(events.at(-1)!)
  const text = String(out.read())
  t.ok(isWellFormed(text), text)
  t.equal(
    text,
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="a &lt;b&gt;" tests="5" failures="1" errors="1" skipped="1" time="1.506">
  <testsuite name="One" tests="2" failures="0" errors="1" skipped="0" time="0.005">
    <testcase name="file /a" classname="c1.base" time="0.005"/>
    <testcase name="file /b" classname="c1" time="0.000"><error message="Cannot &quot;be&quot; &lt;1&gt; &amp; 2">Cannot &quot;be&quot; &lt;1&gt; &amp; 2&#10;  code: CHECK_FAILED&#10;  task: file /b&#10;  see: docs/errors.md#check_failed</error></testcase>
  </testsuite>
  <testsuite name="Two" tests="3" failures="1" errors="0" skipped="1" time="1.501">
    <testcase name="it holds" classname="c1" time="1.500"/>
    <testcase name="that holds" classname="c1" time="0.001"><failure message="Cannot &quot;be&quot; &lt;1&gt; &amp; 2">Cannot &quot;be&quot; &lt;1&gt; &amp; 2&#10;  code: CHECK_FAILED&#10;  see: docs/errors.md#check_failed</failure></testcase>
    <testcase name="all" classname="c1" time="0.000"><skipped message="line&#10;line"/></testcase>
  </testsuite>
</testsuites>
`,
  )
})

t.test('isWellFormed() tells what is not', (t) => {
  for (const text of ['<a>', '<a></b>', '<a b="<"/>', '<a>&</a>', 'a', '<a>></a>'])
    t.notOk(isWellFormed(text), text)
  t.end()
})

t.test('createRecap() counts checks as tasks and failures', async (t) => {
  const recap = createRecap()
  const stream = createEventStream([recap])
  for (const event of events) if (event.type === 'check') stream.emit(event)
  t.match(recap.hosts(), { c1: { ok: 1, failed: 1, skipped: 1, changed: 0 } })
})
