import { execFile } from 'node:child_process'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { promisify } from 'node:util'
import t from 'tap'
import { errorCodes, HostwrightError, type ErrorCode } from '../../lib/core/errors.js'
import { secret } from '../../lib/core/secret.js'
import {
  createEventStream,
  createRecap,
  errorRecord,
  type EventBody,
  formatError,
  type HostwrightEvent,
  jsonReporter,
  recordFile,
  recordReporter,
  type Reporter,
} from '../../lib/report/index.js'
import { plainData } from '../../lib/report/plain-data.js'
import { elapsed, lastLine, plainText, shorten } from '../../lib/report/text.js'

const exec = promisify(execFile)
const note = (text: string): EventBody => ({ type: 'note', level: 'info', text })

function collector(): Reporter & { readonly events: HostwrightEvent[] } {
  const events: HostwrightEvent[] = []
  return { events, event: (event) => void events.push(event) }
}

t.test('createEventStream() stamps events and takes secrets out', async (t) => {
  const password = secret('correct horse battery')
  const taken = collector()
  const stream = createEventStream([taken])
  const before = Date.now()
  stream.emit(note(`it is ${password.reveal()}, in base64 ${btoa(password.reveal())}`))
  stream.emit({
    type: 'fact',
    host: 'c1',
    fact: 'login',
    value: new Map<string, unknown>([
      ['password', password],
      ['nested', [{ text: `-p${password.reveal()}` }, Buffer.from(password.reveal())]],
    ]),
  })
  const [first, second] = taken.events
  t.match(first, { type: 'note', text: 'it is ***, in base64 ***' })
  t.ok(Date.parse(first?.time ?? '') >= before && Date.parse(first?.time ?? '') <= Date.now())
  t.same(second?.type === 'fact' && second.value, {
    password: '***',
    nested: [{ text: '-p***' }, '(21 bytes)'],
  })
})

t.test('createEventStream() keeps its own words where a password is one of them', async (t) => {
  secret('changed')
  const taken = collector()
  createEventStream([taken]).emit({
    type: 'task',
    host: 'c1',
    task: 'changed',
    status: 'changed',
    changes: [],
    duration: 1,
  })
  t.match(taken.events[0], { type: 'task', task: '***', status: 'changed' })
})

t.test('createEventStream() goes on without a reporter that throws', async (t) => {
  const told: string[] = []
  const taken = collector()
  const broken: Reporter = {
    event: () => {
      throw new Error('disk full')
    },
    close: () => {
      throw new Error('disk full')
    },
  }
  let closes = 0
  const closing = { ...taken, close: () => void (closes += 1) }
  const stream = createEventStream([broken, closing], (text) => void told.push(text))
  stream.emit(note('one'))
  stream.emit(note('two'))
  stream.close()
  stream.close()
  stream.emit(note('three'))
  t.same(told, ['Cannot report everything of this run: disk full\n'])
  t.equal(taken.events.length, 2, 'what comes after close() is left out')
  t.equal(closes, 1)
})

t.test('jsonReporter() writes one event a line', async (t) => {
  const out = new PassThrough()
  const stream = createEventStream([jsonReporter(out)])
  stream.emit(note('one\ntwo'))
  stream.emit(note('three'))
  const lines = String(out.read()).trimEnd().split('\n')
  t.same(
    lines.map((line) => (JSON.parse(line) as { text: string }).text),
    ['one\ntwo', 'three'],
  )
  t.match(lines[0], /^\{"type":"note","time":"/)
})

t.test('jsonReporter() outlives a reader that leaves', async (t) => {
  const told: string[] = []
  const out = new Writable({
    write: (_chunk, _encoding, done) =>
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  })
  const taken = collector()
  const stream = createEventStream([jsonReporter(out), taken], (text) => void told.push(text))
  for (const text of ['one', 'two', 'three']) {
    stream.emit(note(text))
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.same(told, ['Cannot report everything of this run: write EPIPE\n'])
  t.equal(taken.events.length, 3)
})

t.test('recordReporter() keeps the newest 50 records, for the owner only', async (t) => {
  const folder = join(t.testdir(), 'runs')
  mkdirSync(folder)
  for (let index = 10; index < 70; index += 1) {
    writeFileSync(join(folder, `run-${index}.jsonl`), '')
    utimesSync(join(folder, `run-${index}.jsonl`), index, index)
  }
  writeFileSync(join(folder, 'mine.txt'), '')
  const file = join(folder, 'new.jsonl')
  const reporter = recordReporter(file)
  t.equal(statSync(file).mode & 0o777, 0o600)
  const names = readdirSync(folder)
  t.equal(names.filter((name) => name.endsWith('.jsonl')).length, 50)
  t.notOk(names.includes('run-20.jsonl'))
  t.ok(names.includes('run-21.jsonl'))
  t.ok(names.includes('mine.txt'), 'other files are not touched')

  reporter.event({ ...note('ünë'), time: 'now' } as HostwrightEvent)
  await new Promise((resolve) => process.nextTick(resolve))
  t.equal(
    readFileSync(file, 'utf8'),
    '{"type":"note","level":"info","text":"ünë","time":"now"}\n',
    'what is told is in the file before anything else is done',
  )
  reporter.close?.()
})

t.test('recordReporter() loses nothing where the program ends at once', async (t) => {
  const folder = t.testdir()
  const module = new URL('../../lib/report/record-reporter.ts', import.meta.url).href
  const script = `import { recordReporter } from ${JSON.stringify(module)}
    recordReporter(${JSON.stringify(join(folder, 'r1.jsonl'))}).event({ type: 'note' })
    process.exit()`
  await exec(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script])
  t.equal(readFileSync(join(folder, 'r1.jsonl'), 'utf8'), '{"type":"note"}\n')
})

t.test('recordReporter() makes its folder and refuses what is there', async (t) => {
  const folder = t.testdir({ file: 'x', target: 'precious' })
  const file = join(folder, '.hostwright', 'runs', 'r1.jsonl')
  recordReporter(file).close?.()
  t.equal(statSync(join(folder, '.hostwright')).mode & 0o777, 0o700)
  const refused = { code: 'USAGE_INVALID', message: /^Cannot write the record of the run "/ }
  t.throws(() => recordReporter(file), refused)
  symlinkSync(join(folder, 'target'), join(folder, 'link.jsonl'))
  t.throws(() => recordReporter(join(folder, 'link.jsonl')), refused, 'a link is not followed')
  t.throws(() => recordReporter(join(folder, 'file', 'r1.jsonl')), refused)
  t.equal(readFileSync(join(folder, 'target'), 'utf8'), 'precious')
  t.equal(recordFile('r1'), join(process.cwd(), '.hostwright', 'runs', 'r1.jsonl'))
})

t.test('createRecap() counts as Ansible does', async (t) => {
  const recap = createRecap()
  const stream = createEventStream([recap])
  const task = { type: 'task', host: 'c1', task: 'x', changes: [], duration: 1 } as const
  stream.emit({ type: 'run', run: 'r', playbook: 'p', check: false, hosts: ['c1', 'c2', 'c3'] })
  for (const status of ['ok', 'changed', 'changed', 'skipped', 'unknown', 'failed'] as const)
    stream.emit({ ...task, status })
  const error = { code: 'TASK_FAILED', message: 'x' } as const
  stream.emit({ type: 'failure', host: 'c2', unreachable: true, error })
  stream.emit({ type: 'failure', host: 'c3', unreachable: false, error })
  recap.setRoundTrips('c1', 3)
  recap.setRoundTrips('c1', 4)
  const zero = {
    ok: 0,
    changed: 0,
    unreachable: 0,
    failed: 0,
    skipped: 0,
    unknown: 0,
    roundTrips: 0,
  }
  t.same(recap.hosts(), {
    c1: { ...zero, ok: 3, changed: 2, skipped: 1, unknown: 1, roundTrips: 4 },
    c2: { ...zero, unreachable: 1 },
    c3: { ...zero, failed: 1 },
  })
  t.same(Object.keys(recap.hosts()), ['c1', 'c2', 'c3'])
})

t.test('errorRecord() and formatError() tell all that is known', async (t) => {
  secret('s3cret-word')
  const error = new HostwrightError('COMMAND_FAILED', 'Cannot run "db": exit status 3', {
    host: 'c1',
    role: 'mariadb',
    task: 'command db',
    place: { file: '/srv/site.ts', line: 3, column: 7 },
    command: 'db --password s3cret-word',
    exitCode: 3,
    stderr: Array.from({ length: 12 }, (_, index) => `line ${index + 1}\n`).join(''),
    hint: 'Look at the log',
    cause: new HostwrightError('HOST_LOCKED', 'Cannot lock "c1": another run holds it', {
      host: 'c1',
      cause: new Error('inner \u001b[31ms3cret-word'),
    }),
  })
  t.equal(
    formatError(errorRecord(error)),
    `Cannot run "db": exit status 3
  code: COMMAND_FAILED
  host: c1
  task: mariadb: command db
  place: /srv/site.ts:3:7
  command: db --password ***
  exit status: 3
  stderr (the last 10 of 12 lines):
    line 3
    line 4
    line 5
    line 6
    line 7
    line 8
    line 9
    line 10
    line 11
    line 12
  cause: Cannot lock "c1": another run holds it
    code: HOST_LOCKED
    host: c1
    cause: inner ***
  hint: Look at the log
  see: docs/errors.md#command_failed`,
  )
  t.equal(
    formatError({ code: 'TASK_FAILED', message: 'one\ntwo', role: 'db', stderr: 'short\n' }),
    'one\ntwo\n  code: TASK_FAILED\n  role: db\n  stderr: short\n  see: docs/errors.md#task_failed',
  )
  const cause = new TypeError('no such thing')
  const told = new HostwrightError('PLAYBOOK_INVALID', `Cannot run: ${String(cause)}`, { cause })
  t.notMatch(formatError(errorRecord(told)), 'cause:', 'where the message says it already')
})

t.test('every error leads to the entry of its code', async (t) => {
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    const text = formatError(errorRecord(new HostwrightError(code, 'Cannot')))
    const [, page = '', anchor] = /^ {2}see: (.+)#(\w+)$/m.exec(text) ?? []
    const headings = [...readFileSync(page, 'utf8').matchAll(/^## (.+)$/gm)]
    t.equal(headings.filter(([, title]) => title?.toLowerCase() === anchor).length, 1, code)
  }
})

t.test('errorRecord() takes whatever was thrown', async (t) => {
  const circular = new Error('around')
  circular.cause = circular
  const command = Object.assign(new Error('exit code 2'), { exitCode: 2, stderr: 'no such file' })
  const cases: readonly (readonly [unknown, object])[] = [
    ['text', { code: 'INTERNAL', message: 'text' }],
    [undefined, { code: 'INTERNAL', message: 'undefined' }],
    [{ a: 1 }, { code: 'INTERNAL', message: '{ a: 1 }' }],
    [new TypeError(), { code: 'INTERNAL', message: 'TypeError' }],
    [circular, { message: 'around', cause: { message: 'around' } }],
    [command, { message: 'exit code 2', exitCode: 2, stderr: 'no such file' }],
    [
      new AggregateError([new Error('first'), new Error('second')], 'both'),
      { message: 'both', cause: { message: 'first' } },
    ],
  ]
  for (const [thrown, record] of cases) t.match(errorRecord(thrown), record)
  t.match(errorRecord(new Error('x')).place, { file: import.meta.filename, line: Number })
  t.same(Object.keys(errorRecord(new HostwrightError('INTERNAL', 'x'))), ['code', 'message'])
})

t.test('plainData() makes any value searchable', async (t) => {
  const circular: Record<string, unknown> = { name: 'a' }
  circular['self'] = circular
  const shared = { x: 1 }
  const cases: readonly (readonly [unknown, unknown])[] = [
    [circular, { name: 'a', self: '(circular)' }],
    [
      [shared, shared],
      [{ x: 1 }, { x: 1 }],
    ],
    [10n, '10'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Set([1, 'a']), [1, 'a']],
    [Object.assign(Object.create(null) as object, { a: secret('hidden-1') }), { a: '***' }],
    [() => 1, '(function)'],
    [new Error('text'), 'text'],
    [secret({ a: 1 }), '***'],
    [null, null],
  ]
  for (const [value, plain] of cases) t.same(plainData(value), plain)
})

t.test('texts', async (t) => {
  t.equal(elapsed(0), '0.0 s')
  t.equal(elapsed(9_949), '9.9 s')
  t.equal(elapsed(9_951), '10 s')
  t.equal(elapsed(59_600), '1 min 0 s')
  t.equal(elapsed(3_720_000), '1 h 2 min')
  t.equal(shorten('abc', 3), 'abc')
  t.equal(shorten('abcd', 3), 'ab…')
  t.equal(shorten('👩👩👩', 3), '👩👩👩')
  t.equal(shorten('👩👩👩👩', 3), '👩👩…', 'a character is not cut in two')
  t.equal(shorten('abc', 0), '')
  t.equal(lastLine('a\nb\rc\n\n'), 'c')
  t.equal(lastLine('10%\r20%\r'), '20%')
  t.equal(lastLine(''), '')
  t.equal(plainText('a\u001b[1;31mb\u001b[0m\u0000\u0085c\td\ne'), 'abc\td\ne')
})
