import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  fact,
  file,
  handler,
  lineInFile,
  packages,
  probeKind,
  resourceType,
  role,
  secret,
  symlink,
  user,
  type Host,
} from '../../lib/index.js'
import { fakeHost, recordHost, type RecordedHost } from '../../lib/testing/index.js'
import type { TaskEvent } from '../../lib/report/events.js'
import { localInventory, tempFolder, testRun } from '../fixtures/run.js'

/** What `recordHost` gives on this machine, as a file would hold it. */
async function recordHere(
  t: Parameters<typeof localInventory>[0],
  work: (host: Host) => Promise<unknown>,
  mode: 'run' | 'check' = 'check',
): Promise<{ readonly recorded: RecordedHost; readonly json: string; readonly told: number }> {
  let json = ''
  const inventory = await localInventory(t, ['here'])
  const { run, tasks } = await testRun({ inventory, mode }, async (play) => {
    await play('record', { hosts: 'all' }, async (host) => {
      json = JSON.stringify(await recordHost(host, work), null, 2)
    })
  })
  for (const error of run.failed.values()) throw error
  return { recorded: JSON.parse(json) as RecordedHost, json, told: tasks.length }
}

const planned = (tasks: readonly TaskEvent[]) =>
  tasks.map(({ task, status, changes }) => [task, status, changes.map(({ property }) => property)])

t.test('recordHost() keeps what a host answers, and fakeHost() plans by it', async (t) => {
  const folder = await tempFolder(t)
  const at = (name: string) => join(folder, name)
  writeFileSync(at('conf'), 'a = 1\n')
  writeFileSync(at('bytes'), Buffer.from([0xff, 0, 0xfe]))
  const reload = handler('reload', async (host) => {
    await host.ensure(symlink({ path: at('link'), target: 'conf' }))
  })
  const app = role({
    name: 'app',
    async run(host) {
      const { family } = await host.facts()
      const said = await host.$({ readOnly: true })`echo said; echo why >&2`
      const { exitCode } = await host.$({ readOnly: true, nothrow: true })`exit 3`
      await host.ensure([
        lineInFile({ path: at('conf'), line: 'a = 2', regexp: /^a =/, notify: reload }),
        file({ path: at('bytes'), content: 'text' }),
        file({ path: at('new'), content: 'new' }),
        packages({ names: ['coreutils', 'no-such-package'] }),
        user({ name: 'root' }),
      ])
      return [family, said.stdout, said.stderr, exitCode]
    },
  })
  const inventory = await localInventory(t, ['here'])
  const { events } = await testRun({ inventory, mode: 'check' }, async (play) => {
    await play('check', { hosts: 'all' }, app)
  })
  const checked = events.filter((event): event is TaskEvent => event.type === 'task')
  t.equal(checked.length, 6)
  for (const mode of ['check', 'run'] as const) {
    let real: unknown
    const { recorded, told } = await recordHere(t, async (host) => (real = await app(host)), mode)
    t.equal(told, 0, 'it tells nothing')
    const host = fakeHost({ recorded })
    t.equal(host.name, 'here')
    t.same(await app(host), real)
    await host.flushHandlers()
    t.same(planned(host.tasks), planned(checked))
  }
})

t.test('fakeHost() refuses what was not recorded; what is declared beside it wins', async (t) => {
  const folder = await tempFolder(t)
  const path = join(folder, 'conf')
  writeFileSync(path, 'real\n')
  const wish = (content: string) => file({ path, content })
  const { recorded } = await recordHere(t, async (host) => {
    await host.facts()
    await host.ensure(wish('other'))
  })
  const host = fakeHost({ recorded })
  t.notOk((await host.ensure(wish('real\n'))).changed)
  await t.rejects(host.ensure(file({ path: `${path}2`, content: '' })), {
    code: 'UNSUPPORTED',
    message: /^Cannot answer "\w+:.*conf2" for fake host "here": it was not recorded$/,
    hint: /^record the host anew with what asks this, or declare it/,
  })
  await t.rejects(host.$({ readOnly: true })`id`, {
    code: 'UNSUPPORTED',
    message: /"id".*recorded/,
  })
  await t.rejects(host.as('nobody').ensure(wish('')), { code: 'UNSUPPORTED' })
  const changed = fakeHost({
    recorded,
    name: 'one',
    system: { family: 'redhat' },
    files: { [path]: 'declared\n' },
    packages: ['rsync'],
    commands: { id: { stdout: 'me', exitCode: 0 } },
  })
  t.equal(changed.name, 'one')
  t.notOk((await changed.ensure(wish('declared\n'))).changed)
  t.notOk((await changed.ensure(packages({ names: ['rsync'] }))).changed)
  t.match(await changed.facts(), { family: 'redhat', kernel: (await host.facts()).kernel })
  t.equal((await changed.$({ readOnly: true })`id`).stdout, 'me')
})

t.test('recordHost() asks each account by itself', async (t) => {
  const folder = await tempFolder(t)
  mkdirSync(join(folder, 'closed'), { mode: 0o700 })
  chmodSync(folder, 0o755)
  const whoami = async (host: Host) => (await host.$({ readOnly: true })`id -un`).text()
  const work = async (host: Host) => [await whoami(host), await whoami(host.as('nobody'))]
  let real: unknown
  const { recorded } = await recordHere(t, async (host) => (real = await work(host)))
  t.same(await work(fakeHost({ recorded })), real)
  t.same(Object.keys(recorded.accounts), ['', 'nobody'])
  const again = await recordHost(fakeHost({ recorded }), work)
  t.same(again, recorded, 'a recording of it is the same')
})

t.test('recordHost() leaves out secrets, and says so', async (t) => {
  const folder = await tempFolder(t)
  const at = (name: string) => join(folder, name)
  const hidden = secret('swordfish-4711')
  const key = ['-----BEGIN OPENSSH', 'PRIVATE KEY-----'].join(' ')
  const texts = {
    open: 'open\n',
    closed: 'only for root\n',
    known: `password = ${hidden.reveal()}\n`,
    key: `${key}\nAAAA\n`,
    hash: 'root:$6$abcdefgh$ijklmnopqrstuvw:1\n',
    native: '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19\n',
  }
  for (const [name, text] of Object.entries(texts))
    writeFileSync(at(name), text, { mode: name === 'closed' ? 0o600 : 0o644 })
  const sized = probeKind<string, bigint>({
    name: 'sized',
    id: (path) => path,
    script: () => ':',
    parse: (_, keys) => keys.map(() => 1n),
  })
  const big = resourceType<{ readonly path: string }>({
    name: 'big',
    title: ({ path }) => path,
    reads: ({ path }) => [sized(path)],
    plan: ({ path }, ask) => ({ changes: [], steps: ask(sized(path)) === 1n ? [] : [] }),
  })
  const { recorded, json } = await recordHere(t, async (host) => {
    await host.ensure(Object.keys(texts).map((name) => file({ path: at(name), content: 'x' })))
    await host.ensure([user({ name: 'root', shell: '/bin/sh' }), big({ path: '/x' })])
    await host.$({ readOnly: true })`cat ${at('known')}`
    await host.$({ readOnly: true })`: ${hidden.reveal()}; echo`
  })
  const { answers, leftOut } = recorded.accounts['']!
  for (const shown of ['swordfish', 'only for root', key, '$6$', '*2470', 'passwordHash'])
    t.notMatch(json, shown)
  t.match(json, 'open\\n')
  const reasons = Object.entries(leftOut).map(([id, reason]) => [
    id.replace(`${folder}/`, ''),
    reason,
  ])
  t.match(
    new Map(reasons as [string, string][]),
    new Map([
      ['content:closed', 'not everyone on the host may read the file'],
      ['content:hash', 'it looks like a private key or a password'],
      ['content:key', 'it looks like a private key or a password'],
      ['content:known', 'it holds a secret'],
      ['content:native', 'it looks like a private key or a password'],
      ['sized:/x', 'it is not plain data'],
    ]),
  )
  t.ok('account:root' in answers)
  const host = fakeHost({ recorded })
  await t.rejects(host.ensure(file({ path: at('closed'), content: 'x' })), {
    code: 'UNSUPPORTED',
    message: /left out of the recording: not everyone on the host may read the file$/,
    hint: /^declare it/,
  })
})

t.test(
  'recordHost() takes published facts of others, gives none, and waits for none',
  async (t) => {
    const given = fact<string>('given')
    const own = fact<string>('own')
    const inventory = await localInventory(t, ['a', 'b'])
    const words: string[] = []
    const { run } = await testRun({ inventory, mode: 'check' }, async (play) => {
      await play('give', { hosts: 'a' }, async (host) => await host.publish(given, 'word'))
      await play('record', { hosts: 'b' }, async (host) => {
        await recordHost(host, async (on) => {
          words.push(await on.peer('a').fact(given))
          await on.publish(own, 'mine')
          words.push(await on.runOnce('once', async () => await Promise.resolve('done')))
        })
      })
      await play('wait', { hosts: 'b' }, async (host) => {
        await recordHost(host, async (on) => await on.peer('b').fact(own))
      })
    })
    t.same(words, ['word', 'done'])
    t.match(run.failed.get('b'), {
      code: 'FACT_NOT_PUBLISHED',
      message: 'Cannot record "b": fact "own" of "b" is not published yet',
    })
  },
)
