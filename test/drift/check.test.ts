import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { driftCheck } from '../../lib/cli/drift-check.js'
import { takeDriftFlags } from '../../lib/cli/drift-flags.js'
import { historyFolder, inTurn, type DriftRecord } from '../../lib/drift/index.js'
import type { EventBody, HostwrightEvent } from '../../lib/report/events.js'
import { schemaFaults, type Schema } from '../fixtures/json-schema.js'
import { runIn } from '../fixtures/packed.js'
import { useReceiver } from '../fixtures/receiver.js'
import { localInventory, tempFolder, testRun } from '../fixtures/run.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = join(root, 'lib/cli/hostwright.mjs')
const secretWord = 'a very secret word'
const schema = JSON.parse(readFileSync(join(root, 'docs/drift.schema.json'), 'utf8')) as Schema

/** In none of the forms in which it could have been written. */
function hidesTheSecret(t: Test, text: string, where: string): void {
  const base64 = Buffer.from(secretWord).toString('base64').replace(/=+$/, '')
  for (const form of [secretWord, base64, encodeURIComponent(secretWord)])
    t.notOk(text.includes(form), `${where} holds no ${form}`)
}

const book = `
import { command, file, handler, playbook, role, secret } from ${JSON.stringify(join(root, 'lib/index.ts'))}
const folder = process.env['FOLDER']
const tell = handler('tell', async (host) => {
  await host.ensure(command({ run: 'echo told >>' + folder + '/told' }))
})
const base = role({ name: 'base', async run(host) {
  const at = folder + '/' + host.name
  await host.ensure([
    file({ path: at + '/text', content: process.env['TEXT'] ?? 'text\\n', mode: '0644', notify: tell }),
    file({ path: at + '/key', content: secret(${JSON.stringify(secretWord)}), mode: '0600' }),
    file({ path: at + '/other', content: 'other\\n', mode: '0644', notify: tell }),
  ])
} })
await playbook('book', async ({ play }) => {
  await play('All', { hosts: 'all' }, async (host) => { await base(host) })
})
`

/** A playbook for two hosts that are folders of this machine, and its command. */
async function useBook(t: Test) {
  const folder = await tempFolder(t)
  const hosts = join(folder, 'hosts')
  for (const name of ['a', 'b']) mkdirSync(join(hosts, name), { recursive: true })
  writeFileSync(join(folder, 'book.mts'), book)
  const vars = '  vars: { ansible_connection: local }\n'
  writeFileSync(join(folder, 'hosts.yml'), `all:\n  hosts: { a: {}, b: {} }\n${vars}`)
  writeFileSync(
    join(folder, 'lost.yml'),
    `all:\n  hosts:\n    a: {}\n    b: { ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 9 }\n${vars}`,
  )
  const run = async (words: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    // Test files share this machine, and a host takes one run at a time.
    const lock = join(tmpdir(), 'hostwright-test.lock')
    const child = spawn('flock', [lock, process.execPath, bin, ...words], {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, FOLDER: hosts, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += String(chunk)))
    child.stderr.on('data', (chunk: Buffer) => (stderr += String(chunk)))
    const [exitCode] = (await once(child, 'close')) as [number | null]
    return { exitCode, stdout, stderr }
  }
  const check = async (
    more: readonly string[] = [],
    env?: Readonly<Record<string, string>>,
    inventory = 'hosts.yml',
  ) => {
    const args = ['drift', 'book.mts', '-i', inventory, '--output', 'json', ...more]
    const { exitCode, stdout, stderr } = await run(args, env)
    hidesTheSecret(t, stdout, 'stdout')
    hidesTheSecret(t, stderr, 'stderr')
    const events = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as HostwrightEvent)
    const records = events.flatMap((event) => (event.type === 'drift' ? [event.record] : []))
    for (const record of records)
      t.same(schemaFaults(record, schema), [], `${args.join(' ')}: its record is as described`)
    return { exitCode, stderr, events, records, record: records.at(-1) }
  }
  return { folder, hosts, run, check }
}

/** All that is in a folder, with times: what is written to shows. */
function contents(folder: string): unknown {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((name) => {
      const { mode, mtimeMs, ctimeMs, size } = lstatSync(join(folder, name))
      return [name, mode, mtimeMs, ctimeMs, size]
    })
}

function found(record: DriftRecord | undefined): readonly string[] {
  return (record?.findings ?? []).map(
    ({ host, task, property, state, side }) =>
      `${host} ${task.split('/').at(-1)} ${property}: ${state} ${side}`,
  )
}

t.test('hostwright drift', async (t) => {
  const { folder, hosts, run, check } = await useBook(t)
  const { url, received } = await useReceiver(t)
  const notify = { HOSTWRIGHT_NOTIFY_WEBHOOK: `${url}/hook` }
  // Both are this machine, which takes one at a time.
  for (const name of ['a', 'b'])
    t.match(await run(['run', 'book.mts', '-i', 'hosts.yml', '--limit', name]), { exitCode: 0 })
  unlinkSync(join(hosts, 'told'))

  const clean = await check([], notify)
  t.equal(clean.exitCode, 0, clean.stderr)
  t.match(clean.record, { inventory: ['hosts.yml'], inventoryHosts: ['a', 'b', 'localhost'] })
  t.match(clean.record?.hosts, { a: { state: 'clean' }, b: { state: 'clean', tasks: { base: 3 } } })
  t.equal(received.length, 0)

  writeFileSync(join(hosts, 'a/text'), 'text\nby hand\n')
  chmodSync(join(hosts, 'b/other'), 0o600)
  writeFileSync(join(hosts, 'a/key'), 'another word')
  const before = contents(hosts)
  const reports = ['html', 'xml', 'json', 'md', 'prom'].map((ending) => `r.${ending}`)
  const first = await check(
    reports.flatMap((name) => ['--report', name]),
    notify,
  )
  t.equal(first.exitCode, 2, first.stderr)
  t.same(contents(hosts), before, 'nothing on the hosts is written')
  t.same(found(first.record), [
    'a text content: new host',
    'a key content: new host',
    'b other mode: new host',
  ])
  t.match(first.record?.findings[0], {
    id: `a / base: file ${hosts}/a/text / content`,
    role: 'base',
    before: 'text\nby hand\n',
    after: 'text\n',
    place: { file: join(folder, 'book.mts'), line: 10 },
    evidence: [/^modified .* owned by /],
  })
  t.match(readFileSync(join(folder, 'r.md'), 'utf8'), '-by hand')
  for (const name of reports) {
    const text = readFileSync(join(folder, name), 'utf8')
    t.match(text, name === 'r.prom' ? 'role="base"} 3' : '/a/key', `${name} tells of it`)
    hidesTheSecret(t, text, name)
  }
  hidesTheSecret(t, JSON.stringify(received), 'the webhook')
  t.match(JSON.stringify(received), '/a/key')
  const plain = await run(['drift', 'book.mts', '-i', 'hosts.yml', '--diff', '-vvv'])
  t.equal(plain.exitCode, 2)
  t.match(plain.stdout, '/a/key')
  for (const text of [plain.stdout, plain.stderr]) hidesTheSecret(t, text, 'the console')
  t.match(JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8')), { run: first.record?.run })
  t.match(received, [
    {
      path: '/hook',
      body: {
        text: /^Drift of book \(hosts\.yml\): 3 new\n/,
        inventory: ['hosts.yml'],
        found: [{}, {}, {}],
      },
    },
  ])

  const second = await check(['--limit', 'a'], { ...notify, TEXT: 'other text\n' })
  t.equal(second.exitCode, 2)
  t.same(found(second.record), [
    'a text content: continuing both',
    'a key content: continuing host',
  ])
  t.same(second.record?.unseen?.length, 1, 'the host that is left out stays as it was')
  t.equal(received.length, 1, 'nothing is new')

  chmodSync(join(hosts, 'b/other'), 0o644)
  t.same(found((await check(['--limit', 'b'])).record), ['b other mode: resolved host'])
  chmodSync(join(hosts, 'b/other'), 0o600)
  const mended = await check(['--remediate', '--detailed-exitcode', '--limit', 'a'], notify)
  t.equal(mended.exitCode, 0, mended.stderr)
  const other = lstatSync(join(hosts, 'b/other')).mode & 0o777
  t.equal(other, 0o600, 'a host that is not named is left alone')
  chmodSync(join(hosts, 'b/other'), 0o644)
  t.equal(mended.records.length, 2)
  t.same(found(mended.records[0]), [
    'a text content: continuing both',
    'a key content: continuing host',
  ])
  t.same(
    found(mended.record).map((one) => one.replace(/ \w+$/, '')),
    ['a text content: resolved', 'a key content: resolved'],
  )
  t.equal(readFileSync(join(hosts, 'a/text'), 'utf8'), 'text\n')
  t.equal(readFileSync(join(hosts, 'told'), 'utf8'), 'told\n', 'its handler has run')
  t.match(received.at(-1), { body: { resolved: { length: 2 } } })

  const lost = await check([], {}, 'lost.yml')
  t.equal(lost.exitCode, 1)
  t.match(lost.record?.hosts, {
    a: { state: 'clean' },
    b: { state: 'unknown', reason: /127\.0\.0\.1/ },
  })

  await check(['--keep', '1'], {}, 'lost.yml')
  const [lostFolder = ''] = readdirSync(join(folder, '.hostwright/drift/book')).filter((name) =>
    name.startsWith('lost'),
  )
  const left = readdirSync(join(folder, '.hostwright/drift/book', lostFolder))
  t.equal(left.filter((name) => name.endsWith('.json')).length, 1, 'no more than it is to keep')

  t.match(
    readdirSync(join(folder, '.hostwright/drift/book')).toSorted(),
    [/^hosts\.yml-/, /^lost\.yml-/],
    'each inventory has a history of its own',
  )
  const kept = readdirSync(join(folder, '.hostwright'), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, '.hostwright', name))
    .filter((name) => lstatSync(name).isFile())
  t.ok(kept.length > 10)
  for (const name of kept) hidesTheSecret(t, readFileSync(name, 'latin1'), name)
  const history = kept.filter((name) => /\/drift\/.*\/\d.*\.json$/.test(name))
  t.ok(history.length > 5)
  for (const name of history)
    t.same(schemaFaults(JSON.parse(readFileSync(name, 'utf8')), schema), [], name)
})

t.test('hostwright drift refuses what it cannot do, before any host is touched', async (t) => {
  const { folder, hosts, run } = await useBook(t)
  writeFileSync(join(folder, 'none.mts'), 'export {}\n')
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[], 'Cannot check a playbook for drift: its path is missing'],
    [['no.mts', '-i', 'hosts.yml'], 'Cannot check playbook'],
    [['none.mts', '-i', 'hosts.yml'], 'it has not called playbook() of this library'],
    [
      ['book.mts', '-i', 'hosts.yml', '--report', 'a.pdf'],
      'its ending ".pdf" stands for no report',
    ],
    [['book.mts', '-i', 'no.yml'], 'no.yml'],
  ]
  for (const [words, message] of cases) {
    const { exitCode, stderr, stdout } = await run(['drift', ...words])
    t.match({ exitCode, stdout }, { exitCode: 1, stdout: '' }, words.join(' '))
    t.match(stderr, message)
  }
  t.same(readdirSync(join(hosts, 'a')), [])
  const kept = readdirSync(join(folder, '.hostwright'), { recursive: true, encoding: 'utf8' })
  t.same(
    kept.filter((name) => name.endsWith('.json')),
    [],
  )
  const { stderr } = await run(['drift', 'book.mts'])
  t.match(stderr, 'inventory')
  t.notMatch(stderr, 'has not called playbook', 'what was refused is told once')
})

t.test('a check that could know nothing, or could not write, says so and is told', async (t) => {
  const { folder, hosts, check } = await useBook(t)
  const { url, received } = await useReceiver(t)
  const notify = { HOSTWRIGHT_NOTIFY_WEBHOOK: `${url}/hook` }
  const library = JSON.stringify(join(root, 'lib/index.ts'))
  const broken = `import { playbook } from ${library}
await playbook('book', async () => { throw new Error('no such thing') })
`
  writeFileSync(join(folder, 'book.mts'), broken)
  const thrown = await check([], notify)
  t.equal(thrown.exitCode, 1)
  t.match(thrown.record, { failure: /no such thing/, hosts: {} })
  t.match(received, [{ body: { text: /the check failed/, failure: /no such thing/ } }])

  // It takes away the folder of a report that could be written before.
  const moving = `import { renameSync } from 'node:fs'
${book.replace('await base(host)', "await base(host); if (host.name === 'a') renameSync('reports', 'gone')")}`
  writeFileSync(join(folder, 'book.mts'), moving)
  mkdirSync(join(folder, 'reports'))
  const unwritten = await check(['--report', 'reports/r.md', '--report', 'r.json'], notify)
  t.equal(unwritten.exitCode, 1)
  t.equal(unwritten.record?.exitCode, 2)
  t.match(
    unwritten.events.find(({ type }) => type === 'note'),
    { text: /^Cannot write the report "reports\/r\.md": / },
  )
  t.match(received[1]?.body, { text: /the check works again/, found: { length: 6 } })
  t.match(JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8')), { run: unwritten.record?.run })
  t.same(readdirSync(join(hosts, 'a')), [])
})

t.test('how long a check has taken is told without its wait for another', async (t) => {
  const before = process.cwd()
  process.chdir(await tempFolder(t))
  t.teardown(() => process.chdir(before))
  const inventory = await localInventory(t, ['a'])
  const { run } = await testRun({ inventory }, async () => await Promise.resolve())
  const records: DriftRecord[] = []
  const emit = (event: EventBody) => {
    if (event.type === 'drift') records.push(event.record)
  }
  const options = { remediate: false, reports: [], notify: [], summary: undefined }
  const waited = 300
  let check: Promise<number> | undefined
  await inTurn(historyFolder('book', [inventory]), async () => {
    check = driftCheck(options)(
      'book',
      [inventory],
      async ({ conclude }) =>
        await conclude!({ run, thrown: undefined, started: Date.now() - 1000, emit }),
    )
    await sleep(waited)
    t.same(records, [], 'it waits')
  })
  await check
  t.match(records, { length: 1 })
  const { duration = 0 } = records[0] ?? {}
  t.ok(duration >= 1000 && duration < 1000 + waited, `${duration} ms`)
})

/** The library as it is installed: compiled, without types being looked at. */
async function compiled(t: Test): Promise<string> {
  const folder = await tempFolder(t)
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'lib/cli'), { recursive: true })
  cpSync(bin, join(folder, 'lib/cli/hostwright.mjs'))
  const filter = (file: string) => !file.endsWith('.ts')
  cpSync(join(root, 'lib'), join(folder, 'dist/lib'), { recursive: true, filter })
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  for (const name of readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue
    const text = readFileSync(join(root, 'lib', name), 'utf8')
    const { outputText } = ts.transpileModule(text, { compilerOptions })
    writeFileSync(join(folder, 'dist/lib', name.replace(/ts$/, 'js')), outputText)
  }
  return folder
}

t.test('hostwright drift reads a playbook in TypeScript from the compiled package', async (t) => {
  const { folder, hosts } = await useBook(t)
  const installed = await compiled(t)
  const library = JSON.stringify(join(root, 'lib/index.ts'))
  const own = JSON.stringify(join(installed, 'dist/lib/index.js'))
  writeFileSync(join(folder, 'book.mts'), book.replace(library, own))
  const command = [process.execPath, join(installed, 'lib/cli/hostwright.mjs')]
  const words = ['drift', 'book.mts', '-i', 'hosts.yml', '--limit', 'a']
  const lock = join(tmpdir(), 'hostwright-test.lock')
  const all = [`FOLDER=${hosts}`, 'flock', lock, ...command, ...words]
  const { exitCode, stdout, stderr } = await runIn(folder, 'env', ...all)
  t.equal(exitCode, 2, stderr)
  t.match(stdout, /DRIFT 3 findings on 1 of 1 host/)
})

t.test('takeDriftFlags()', async (t) => {
  const plain = {
    remediate: false,
    reports: [],
    keep: undefined,
    help: false,
    looks: true,
    rest: [],
  }
  const cases: readonly (readonly [readonly string[], object])[] = [
    [[], {}],
    [['-i', 'lab', '-vv', '--limit=a'], { rest: ['-i', 'lab', '-vv', '--limit=a'] }],
    [
      ['--report', 'a.md', '-i', 'lab', '--report=b.prom', '--remediate', '-l', 'a'],
      { reports: ['a.md', 'b.prom'], remediate: true, rest: ['-i', 'lab', '-l', 'a'] },
    ],
    [['--keep', '9', '-i', 'lab'], { keep: 9, rest: ['-i', 'lab'] }],
    [['--keep=1500'], { keep: 1500 }],
    [['-i', '--remediate'], { rest: ['-i', '--remediate'] }],
    [['-h'], { help: true, rest: ['-h'] }],
    [['--list-tasks'], { looks: false, rest: ['--list-tasks'] }],
  ]
  for (const [argv, expected] of cases) t.same(takeDriftFlags(argv), { ...plain, ...expected })
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['--report'], /"--report": its value is missing/],
    [['--report', '--remediate'], /"--report": its value is missing/],
    [['--keep'], /"--keep": its value is missing/],
    [['--keep', '0'], /value "0" of --keep: it is not a whole number from 1 up/],
    [['--keep', '3', '--keep', '4'], /"--keep": it is given twice/],
    [['--remediate=1'], /"--remediate": it takes no value/],
    [['--check', '--remediate'], /with --check nothing is changed/],
  ]
  for (const [argv, message] of wrong)
    t.throws(() => takeDriftFlags(argv), { code: 'USAGE_INVALID', message })
})
