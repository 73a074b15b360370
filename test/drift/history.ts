import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { secret } from '../../lib/core/secret.js'
import {
  fingerprinter,
  historyFolder,
  openHistory,
  readSalt,
  type DriftRecord,
} from '../../lib/drift/index.js'
import { checks, told } from '../fixtures/drift.js'
import { tempFolder } from '../fixtures/run.js'

const record = (run: string): DriftRecord => ({ ...checks().next([told({})]), run })

t.test('fingerprinter()', async (t) => {
  const make = fingerprinter(Buffer.from('salt'))
  const other = fingerprinter(Buffer.from('other'))
  const values: readonly unknown[] = [
    'text',
    'text ',
    1,
    '1',
    true,
    'true',
    null,
    'null',
    undefined,
    /a/,
    /a/i,
    ['a', 'b'],
    ['ab'],
    [['a'], 'b'],
    new Set(['a', 'b']),
    { a: 'b' },
    { a: { b: 1 } },
    { a: 1, b: {} },
    Buffer.from('text'),
    Buffer.alloc(0),
    '',
    [],
    {},
  ]
  const made = values.map(make)
  t.equal(new Set(made).size, values.length, 'no two values read alike')
  for (const one of made) t.match(one, /^[0-9a-f]{16}$/)
  t.equal(make({ a: 1, b: 2 }), make({ b: 2, a: 1, c: undefined }), 'the order does not matter')
  t.equal(make({ a: 1 }), make(new Map([['a', 1]])))
  t.equal(make(secret('hidden word')), make('hidden word'), 'a secret counts with what it holds')
  t.not(make(secret('hidden word')), make(secret('other word')))
  t.not(make('text'), other('text'))
})

t.test('historyFolder() gives each playbook and inventory its own', async (t) => {
  const lab = historyFolder('site', ['inventories/lab'])
  t.match(lab, /^\.hostwright\/drift\/site\/inventories-lab-[0-9a-f]{8}$/)
  for (const same of ['./inventories/lab/', join(process.cwd(), 'inventories/lab')])
    t.equal(historyFolder('site', [same]), lab, same)
  const others: readonly (readonly [string, readonly string[]])[] = [
    ['site', ['inventories/production']],
    ['site', ['other/inventories/lab']],
    ['site', ['inventories/lab', 'more']],
    ['site', ['more', 'inventories/lab']],
    ['site', ['../..']],
    ['site', ['c1,c2']],
    ['a/b', ['inventories/lab']],
  ]
  const folders = others.map(([playbook, inventories]) => historyFolder(playbook, inventories))
  t.equal(new Set([lab, ...folders]).size, others.length + 1)
  for (const folder of folders)
    t.match(folder, /^\.hostwright\/drift\/[^/]+\/[\w.+-]+-[0-9a-f]{8}$/)
})

t.test('readSalt()', async (t) => {
  const folder = join(await tempFolder(t), 'a', 'b')
  const salt = readSalt(folder)
  t.equal(salt.length, 32)
  t.same(readSalt(folder), salt, 'it stays')
  t.equal(statSync(join(folder, 'salt')).mode & 0o777, 0o600)
  t.equal(statSync(folder).mode & 0o777, 0o700)
  t.same(readdirSync(folder), ['salt'])
  writeFileSync(join(folder, 'salt'), 'short')
  t.throws(() => readSalt(folder), { code: 'USAGE_INVALID', message: /holds 5 bytes, not 32$/ })
  writeFileSync(join(folder, 'file'), '')
  t.throws(() => readSalt(join(folder, 'file')), { code: 'USAGE_INVALID' })
})

t.test('openHistory()', async (t) => {
  const notes: string[] = []
  const note = (text: string) => void notes.push(text)
  const runs = (of: Iterable<DriftRecord>) => [...of].map(({ run }) => run)

  await t.test('keeps records, the newest first, and no more than it is told', async (t) => {
    const folder = await tempFolder(t)
    const history = openHistory({ folder, keep: 3, note })
    t.same(runs(openHistory({ folder: join(folder, 'none'), note }).records()), [])
    for (const run of ['z-1', 'y-2', 'x-3', 'w-4', 'v-5']) history.add(record(run))
    t.same(runs(history.records()), ['v-5', 'w-4', 'x-3'])
    t.same([...history.records()][0], record('v-5'), 'as it was given')
    for (const name of readdirSync(folder))
      t.equal(statSync(join(folder, name)).mode & 0o777, 0o600)
  })

  await t.test('keeps 60 days of hourly checks where they are small, at least 400', async (t) => {
    for (const [bytes, kept] of [
      [20, 1_500],
      [500_000, 512],
      [2_000_000, 400],
    ] as const) {
      const folder = await tempFolder(t)
      for (let at = 0; at < 1_510; at += 1) {
        const file = join(folder, `20260101T${String(at).padStart(6, '0')}-a.json`)
        writeFileSync(file, '')
        // Sparse: its size is all that counts.
        truncateSync(file, bytes)
      }
      openHistory({ folder, note }).add(record('a-1'))
      const names = readdirSync(folder).toSorted()
      t.equal(names.length, kept, `${bytes} bytes each`)
      t.match(names.at(-2), '001509', 'the newest')
    }
  })

  await t.test('leaves out what is not whole, and says so once', async (t) => {
    const folder = await tempFolder(t)
    const history = openHistory({ folder, note })
    history.add(record('a-1'))
    history.add(record('b-2'))
    const [first = ''] = readdirSync(folder).toSorted()
    const text = readFileSync(join(folder, first), 'utf8')
    for (const cut of [0, 1, text.length - 3]) {
      writeFileSync(join(folder, first), text.slice(0, cut))
      t.same(runs(history.records()), ['b-2'], `${cut} bytes`)
    }
    writeFileSync(join(folder, first), JSON.stringify({ ...record('a-1'), version: 2 }))
    t.same(runs(history.records()), ['b-2'])
    t.equal(notes.length, 1)
    t.match(notes[0], new RegExp(`record ".*${first}" is not whole`))
  })

  await t.test('removes in time what a killed check has left', async (t) => {
    const folder = await tempFolder(t)
    const old = new Date(Date.now() - 7_200_000)
    for (const name of ['.20260301T1-1.json.aa', '.20260301T1-2.json.bb'])
      writeFileSync(join(folder, name), '{')
    utimesSync(join(folder, '.20260301T1-1.json.aa'), old, old)
    const history = openHistory({ folder, note })
    history.add(record('a-1'))
    t.same(runs(history.records()), ['a-1'])
    const left = readdirSync(folder).filter((name) => name.startsWith('.'))
    t.same(left, ['.20260301T1-2.json.bb'], 'what is young may still be written')
  })

  await t.test('says where it cannot be written', async (t) => {
    const folder = await tempFolder(t)
    const history = openHistory({ folder: join(folder, 'gone'), note })
    t.throws(() => history.add(record('a-1')), { code: 'USAGE_INVALID', message: /^Cannot keep/ })
  })
})

t.test('checks at once, some of them killed, leave a history that is whole', async (t) => {
  const folder = join(await tempFolder(t), 'site')
  mkdirSync(folder)
  const library = new URL('../../lib/drift/index.ts', import.meta.url).href
  const findings = Array.from({ length: 100 }, (_, at) => ({
    ...checks().next([told({ changes: ['mode'] })]).findings[0]!,
    id: `finding ${at}`,
  }))
  writeFileSync(join(folder, 'record'), JSON.stringify({ ...record('r-0'), findings }))
  const script = `
    import { readFileSync } from 'node:fs'
    import { openHistory, readSalt } from ${JSON.stringify(library)}
    const folder = ${JSON.stringify(folder)}
    console.log(readSalt(folder).toString('hex'))
    const history = openHistory({ folder, keep: 10, note: (text) => { console.error(text) } })
    const record = JSON.parse(readFileSync(folder + '/record', 'utf8'))
    for (let at = 0; at < 8; at += 1) {
      history.add({ ...record, run: process.argv[1] + '-' + process.pid + at })
      for (const one of history.records()) if (one.findings.length !== 100) throw new Error('cut off')
    }
    if (process.argv[1] === 'endless') for (;;) history.add({ ...record, run: 'endless' })`
  const start = (name: string) => {
    const args = ['--import', 'tsx', '--input-type=module', '-e', script, name]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const out = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk: Buffer) => (out.stdout += String(chunk)))
    child.stderr.on('data', (chunk: Buffer) => (out.stderr += String(chunk)))
    return { child, out, closed: once(child, 'close') }
  }
  const [one, two, endless] = [start('one'), start('two'), start('endless')]
  for (const { closed, out } of [one, two]) {
    const [code] = (await closed) as [number | null]
    t.equal(code, 0, out.stderr)
    t.equal(out.stderr, '', 'no record is met that is not whole')
  }
  // On a busy machine it may not have begun yet.
  if (endless.out.stdout === '') await once(endless.child.stdout, 'data')
  endless.child.kill('SIGKILL')
  await endless.closed
  t.equal(new Set([one, two, endless].map(({ out }) => out.stdout)).size, 1, 'they share a salt')
  const notes: string[] = []
  const left = [...openHistory({ folder, note: (text) => notes.push(text) }).records()]
  t.same(notes, [])
  t.ok(left.length >= 10 && left.every(({ findings: all }) => all.length === 100))
})
