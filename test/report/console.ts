import { Writable } from 'node:stream'
import t from 'tap'
import { consoleReporter } from '../../lib/report/index.js'
import type { EventBody, HostwrightEvent } from '../../lib/report/index.js'
import { liveLines } from '../../lib/report/console/live-lines.js'
import { isTerminal, paint, wantsColour } from '../../lib/report/console/paint.js'
import { stillRunning } from '../../lib/report/console/still-running.js'
import { Terminal } from './fixtures/terminal.js'

const at = (body: EventBody): HostwrightEvent => ({ ...body, time: '2026-03-01T12:00:00.000Z' })
const run = (check: boolean): EventBody => ({
  type: 'run',
  run: 'r1',
  playbook: 'site',
  check,
  hosts: ['c1', 'c2'],
})
const task = (more: Partial<Extract<EventBody, { type: 'task' }>>): EventBody => ({
  type: 'task',
  host: 'c1',
  role: 'base',
  task: 'file /etc/motd',
  status: 'changed',
  changes: [],
  duration: 5,
  ...more,
})

interface Case {
  readonly name: string
  readonly body: EventBody
  readonly shows: readonly string[]
  readonly verbosity?: number
  readonly diff?: boolean
  readonly check?: boolean
}

const content = { property: 'content', from: '3 lines', to: '4 lines' }
const counts = {
  ok: 5,
  changed: 2,
  unreachable: 0,
  failed: 0,
  skipped: 1,
  unknown: 0,
  roundTrips: 3,
}

const cases: readonly Case[] = [
  {
    name: 'play names its hosts',
    body: { type: 'play', play: 'Base', hosts: ['c1', 'c2'] },
    shows: ['', 'PLAY [Base] c1, c2'],
  },
  {
    name: 'play with many hosts counts them',
    body: { type: 'play', play: 'Base', hosts: Array.from({ length: 60 }, (_, i) => `node${i}`) },
    shows: ['', 'PLAY [Base] 60 hosts'],
  },
  {
    name: 'a check that holds is no news',
    body: { type: 'check', host: 'c1', check: 'it listens', result: 'passed', duration: 5 },
    shows: [],
  },
  {
    name: 'a check that is skipped says why with -v',
    verbosity: 1,
    body: {
      type: 'check',
      host: 'c1',
      check: 'it listens',
      result: 'skipped',
      duration: 5,
      reason: 'no ear',
    },
    shows: ['skipped: [c1] it listens: no ear'],
  },
  {
    name: 'a check that does not hold says what came back and what to do',
    body: {
      type: 'check',
      host: 'c1',
      check: 'it listens',
      result: 'failed',
      duration: 5,
      error: { code: 'CHECK_FAILED', message: 'Cannot find "it": gone', hint: 'look' },
    },
    shows: [
      'failed: [c1] it listens',
      '    Cannot find "it": gone',
      '      code: CHECK_FAILED',
      '      hint: look',
      '      see: docs/errors.md#check_failed',
    ],
  },
  {
    name: 'a change shows from and to',
    body: task({ changes: [{ property: 'mode', from: '0600', to: '0644' }] }),
    shows: ['changed: [c1] base: file /etc/motd', '    mode: 0600 → 0644'],
  },
  {
    name: 'check mode says would change',
    check: true,
    body: task({ changes: [{ property: 'mode', from: '0600', to: '0644' }] }),
    shows: ['would change: [c1] base: file /etc/motd', '    mode: 0600 → 0644'],
  },
  {
    name: 'whole texts are counted',
    body: task({ changes: [{ ...content, before: 'a\nb\nc\n', after: 'a\nB\nc\nd\ne\n' }] }),
    shows: ['changed: [c1] base: file /etc/motd', '    content: +3 −1 lines'],
  },
  {
    name: 'a new text has only lines that come',
    body: task({ changes: [{ ...content, after: 'a\nb\n' }] }),
    shows: ['changed: [c1] base: file /etc/motd', '    content: +2 −0 lines'],
  },
  {
    name: '--diff shows them',
    diff: true,
    body: task({ changes: [{ ...content, before: 'a\nb\nc\n', after: 'a\nB\nc\n' }] }),
    shows: [
      'changed: [c1] base: file /etc/motd',
      '    content: +1 −1 lines',
      '    @@ -1,3 +1,3 @@',
      '     a',
      '    -b',
      '    +B',
      '     c',
    ],
  },
  {
    name: 'texts that differ in a secret alone',
    diff: true,
    body: task({ changes: [{ ...content, before: 'password=***\n', after: 'password=***\n' }] }),
    shows: ['changed: [c1] base: file /etc/motd', '    content: differs only in what is secret'],
  },
  {
    name: 'a long value is cut, a line feed shows',
    body: task({ changes: [{ property: 'line', from: 'a\nb', to: 'x'.repeat(500) }] }),
    shows: ['changed: [c1] base: file /etc/motd', `    line: a\\nb → ${'x'.repeat(119)}…`],
  },
  {
    name: 'handler and time',
    body: task({ handler: true, duration: 1234 }),
    shows: ['changed: [c1] base: file /etc/motd (handler, 1.2 s)'],
  },
  { name: 'ok is quiet', body: task({ status: 'ok' }), shows: [] },
  {
    name: 'ok shows with -v',
    verbosity: 1,
    body: task({ status: 'ok' }),
    shows: ['ok: [c1] base: file /etc/motd'],
  },
  { name: 'skipped is quiet', body: task({ status: 'skipped', reason: 'not wanted' }), shows: [] },
  {
    name: 'skipped shows why with -v',
    verbosity: 1,
    body: task({ status: 'skipped', reason: 'not wanted' }),
    shows: ['skipped: [c1] base: file /etc/motd: not wanted'],
  },
  {
    name: 'unknown always shows why',
    check: true,
    body: task({ status: 'unknown', reason: 'the package is not installed' }),
    shows: ['unknown: [c1] base: file /etc/motd: the package is not installed'],
  },
  {
    name: '-vvv shows the place',
    verbosity: 3,
    body: task({ status: 'ok', place: { file: '/srv/site.ts', line: 3, column: 7 } }),
    shows: ['ok: [c1] base: file /etc/motd', '    at /srv/site.ts:3:7'],
  },
  {
    name: 'output is quiet with -v',
    verbosity: 1,
    body: { type: 'output', host: 'c1', task: 'command x', stream: 'stdout', text: 'one\n' },
    shows: [],
  },
  {
    name: 'output shows with -vv and can not steer the terminal',
    verbosity: 2,
    body: {
      type: 'output',
      host: 'c1',
      task: 'command x',
      stream: 'stderr',
      text: 'one\r\n\u001b[2J\u001b]0;title\u0007two\u202e\u0008\n',
    },
    shows: ['    c1 | one', '    c1 | two'],
  },
  {
    name: 'a fact is quiet',
    body: { type: 'fact', host: 'c1', fact: 'db.status', value: { position: 773 } },
    shows: [],
  },
  {
    name: 'a fact shows with -v',
    verbosity: 1,
    body: { type: 'fact', host: 'c1', fact: 'db.status', value: { position: 773 } },
    shows: ['fact: [c1] db.status = {"position":773}'],
  },
  {
    name: 'a warning names its host',
    body: { type: 'note', level: 'warning', text: 'The connection was lost', host: 'c2' },
    shows: ['warning: [c2] The connection was lost'],
  },
  { name: 'a note', body: { type: 'note', level: 'info', text: 'x' }, shows: ['note: x'] },
  {
    name: 'a failure shows the error',
    body: {
      type: 'failure',
      host: 'c2',
      unreachable: true,
      error: { code: 'HOST_UNREACHABLE', message: 'Cannot reach "c2": no answer', hint: 'Boot it' },
    },
    shows: [
      'fatal: [c2] unreachable',
      '    Cannot reach "c2": no answer',
      '      code: HOST_UNREACHABLE',
      '      hint: Boot it',
      '      see: docs/errors.md#host_unreachable',
    ],
  },
  { name: 'start is quiet', body: { type: 'start', host: 'c1', task: 'x' }, shows: [] },
  {
    name: "the recap is Ansible's",
    body: {
      type: 'recap',
      run: 'r1',
      playbook: 'site',
      check: false,
      exitCode: 0,
      duration: 83_400,
      hosts: { c1: counts },
    },
    shows: [
      '',
      'PLAY RECAP 1 min 23 s',
      'c1 : ok=5 changed=2 unreachable=0 failed=0 skipped=1 round trips=3',
    ],
  },
  {
    name: 'the recap has columns, and unknown where there is one',
    body: {
      type: 'recap',
      run: 'r1',
      playbook: 'site',
      check: true,
      exitCode: 0,
      duration: 500,
      hosts: { c1: counts, 'long-name': { ...counts, ok: 12, unknown: 1 } },
    },
    shows: [
      '',
      'PLAY RECAP 0.5 s',
      'c1        : ok=5  changed=2 unreachable=0 failed=0 skipped=1 unknown=0 round trips=3',
      'long-name : ok=12 changed=2 unreachable=0 failed=0 skipped=1 unknown=1 round trips=3',
      'Check mode: nothing was changed; changed counts what would be',
    ],
  },
]

t.test('consoleReporter() writes plain lines where there is no terminal', async (t) => {
  for (const { name, body, shows, verbosity = 0, diff = false, check = false } of cases) {
    const stream = new Terminal(1000, 100)
    const reporter = consoleReporter({ stream, tty: false, verbosity, diff, color: false })
    reporter.event(at(run(check)))
    reporter.event(at(body))
    reporter.close?.()
    const head = `site: 2 hosts${check ? ', check mode' : ''}`
    t.equal(stream.text, [head, ...shows, ''].join('\n'), name)
    t.same(stream.unknown, [], `${name}: nothing steers the terminal`)
  }
})

t.test('consoleReporter() ends with a table of the checks', async (t) => {
  for (const tty of [false, true]) {
    const stream = new Terminal(100, 100)
    const reporter = consoleReporter({ stream, tty, color: false })
    const check = { type: 'check', host: 'c1', check: 'it listens', duration: 1234 } as const
    reporter.event(at({ ...check, result: 'passed' }))
    reporter.event(at({ ...check, host: 'node2', result: 'skipped', duration: 12_345 }))
    const recap = { run: 'r', playbook: 'p', check: false, exitCode: 0, duration: 100 }
    reporter.event(at({ type: 'recap', ...recap, hosts: {} }))
    reporter.close?.()
    t.match(stream.text.trim().split('\n'), [
      'CHECK       HOST   RESULT   SECONDS',
      'it listens  c1     passed       1.2',
      'it listens  node2  skipped     12.3',
      '',
      'PLAY RECAP 0.1 s',
    ])
  }
})

t.test('consoleReporter() colours only when asked', async (t) => {
  const written: string[] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      written.push(String(chunk))
      done()
    },
  })
  consoleReporter({ stream, tty: false, color: true }).event(at(task({})))
  t.equal(written.join(''), '\u001b[33mchanged: [c1]\u001b[39m base: file /etc/motd\n')
})

t.test('wantsColour() and isTerminal()', async (t) => {
  t.equal(wantsColour(true, {}), true)
  t.equal(wantsColour(false, {}), false)
  t.equal(wantsColour(true, { NO_COLOR: '1' }), false)
  t.equal(wantsColour(true, { NO_COLOR: '' }), true)
  t.equal(wantsColour(false, { FORCE_COLOR: '1' }), true)
  t.equal(wantsColour(false, { FORCE_COLOR: '1', NO_COLOR: '1' }), true)
  t.equal(wantsColour(true, { FORCE_COLOR: '0' }), false)
  t.equal(isTerminal(new Terminal(80, 24), {}), false, 'a stream without a descriptor')
})

t.test('consoleReporter() draws one live line per host on a terminal', async (t) => {
  const stream = new Terminal(80, 15)
  const reporter = consoleReporter({ stream, tty: true, color: false })
  const hosts = ['c1', 'c2']
  reporter.event(at(run(false)))
  reporter.event(at({ type: 'play', play: 'Base', hosts }))
  reporter.event(at({ type: 'start', host: 'c1', task: 'packages nginx' }))
  const text = 'Reading\nUnpacking 10%\rUnpacking 20%\n'
  reporter.event(at({ type: 'output', host: 'c1', task: 'packages nginx', stream: 'stdout', text }))
  await drawn()
  const head = ['site: 2 hosts', '', 'PLAY [Base] c1, c2']
  t.same(stream.screen, [...head, 'c1  packages nginx  0 s  Unpacking 20%', 'c2  waits', ''])

  reporter.event(at(task({ host: 'c1', task: 'packages nginx' })))
  await drawn()
  const done = [...head, 'changed: [c1] base: packages nginx']
  t.same(stream.screen, [...done, 'c1  base: packages nginx: changed', 'c2  waits', ''])

  stream.write('a line of the playbook\n')
  const said = [...done, 'a line of the playbook']
  t.same(stream.screen, [...said, 'c1  base: packages nginx: changed', 'c2  waits', ''])

  stream.write('Go on? ')
  await drawn()
  t.same(stream.screen, [...said, 'Go on?'], 'live lines make room for a question')
  reporter.event(at(task({ host: 'c2' })))
  await drawn()
  const asked = [...said, 'Go on?', 'changed: [c2] base: file /etc/motd']
  t.same(stream.screen, [
    ...asked,
    'c1  base: packages nginx: changed',
    'c2  base: file /etc/motd: changed',
    '',
  ])

  reporter.close?.()
  t.equal(stream.text, [...asked, ''].join('\n'), 'close() takes the live lines away')
  t.same(stream.unknown, [], 'the cursor is never hidden')
  stream.write('after\n')
  t.equal(stream.text, [...asked, 'after', ''].join('\n'), 'the stream is as it was')
  t.notOk(Object.hasOwn(stream, 'write'))
})

t.test('consoleReporter() stays within a small terminal', async (t) => {
  const stream = new Terminal(40, 15)
  const hosts = Array.from({ length: 20 }, (_, index) => `node${index + 1}`)
  const reporter = consoleReporter({ stream, tty: true, color: false })
  reporter.event(at({ type: 'play', play: 'Base', hosts }))
  for (const host of hosts.slice(10)) {
    reporter.event(at({ type: 'start', host, task: 'packages nginx' }))
    const text = `${'日本語のパッケージ'.repeat(9)}\n`
    reporter.event(at({ type: 'output', host, task: 'packages nginx', stream: 'stdout', text }))
  }
  await drawn()
  for (const host of hosts) reporter.event(at(task({ host })))
  for (const host of hosts.slice(10)) reporter.event(at({ type: 'start', host, task: 'x' }))
  await drawn()
  t.equal(stream.screen.length, 15)
  t.equal(stream.screen.at(-1), '')
  t.equal(stream.screen.at(-2), '… and 8 more')
  t.match(stream.screen.at(1), /^node11 {2}x {2}0 s$/, 'those that work come first')
  reporter.close?.()
  const printed = hosts.map((host) => `changed: [${host}] base: file /etc/motd`)
  t.equal(
    stream.text,
    ['', 'PLAY [Base] 20 hosts', ...printed, ''].join('\n'),
    'nothing is left over',
  )
})

t.test('liveLines() fits any size', async (t) => {
  const activities = Array.from({ length: 30 }, (_, index) => ({
    host: `host-with-a-rather-long-name-${index}`,
    busy: index % 2 === 0,
    what: 'role: a task with a long name '.repeat(4),
    since: 0,
    line: 'output '.repeat(30),
  }))
  for (const rows of [1, 2, 3, 10, 50])
    for (const columns of [1, 5, 20, 30, 80, 300]) {
      const lines = liveLines(activities, { rows, columns }, 100_000, paint(false))
      t.ok(lines.length <= Math.max(rows - 2, 1), `${rows} rows`)
      t.ok(
        lines.every((line) => line.length < Math.max(columns, 2)),
        `${columns} columns: ${lines[0] ?? ''}`,
      )
    }
  t.same(liveLines([], { rows: 10, columns: 80 }, 0, paint(false)), [])
})

t.test('stillRunning() tells of a long task after ten seconds, then every minute', async (t) => {
  const look = stillRunning()
  const busy = { host: 'c1', busy: true, what: 'packages nginx', since: 0, line: 'Unpacking' }
  const told = (activity: typeof busy, now: number) => look([activity], now)
  t.same(told(busy, 9_999), [])
  t.same(told(busy, 10_000), ['still running: [c1] packages nginx (10 s): Unpacking'])
  t.same(told(busy, 69_000), [])
  t.same(told({ ...busy, line: '' }, 70_000), ['still running: [c1] packages nginx (1 min 10 s)'])
  t.same(told({ ...busy, since: 70_000 }, 79_000), [], 'the next task begins anew')
  t.same(told({ ...busy, since: 70_000 }, 80_000).length, 1)
  t.same(told({ ...busy, busy: false, since: 70_000 }, 900_000), [])
})

t.test('consoleReporter() draws on a terminal that tells no size', async (t) => {
  const written: string[] = []
  const stream = Object.assign(
    new Writable({
      write(chunk, _, done) {
        written.push(String(chunk))
        done()
      },
    }),
    { rows: 0, columns: 0 },
  )
  const reporter = consoleReporter({ stream, tty: true, color: false })
  reporter.event(at({ type: 'play', play: 'Base', hosts: ['c1'] }))
  await drawn()
  reporter.event(at(task({ host: 'c1' })))
  reporter.close?.()
  t.match(written.join(''), /c1 {2}waits/)
  t.notMatch(written.join(''), /NaN|Infinity/)
})

/** Longer than the pace at which the terminal is drawn. */
function drawn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 250))
}
