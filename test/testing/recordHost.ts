import { createHash, generateKeyPairSync, scryptSync } from 'node:crypto'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  directory,
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
  type Query,
} from '../../lib/index.js'
import { fakeHost, recordHost, type RecordedHost } from '../../lib/testing/index.js'
import type { TaskEvent } from '../../lib/report/events.js'
import { localInventory, tempFolder, testRun } from '../fixtures/run.js'

/** A folder into which everyone may look. */
async function openFolder(t: Parameters<typeof tempFolder>[0]): Promise<string> {
  const folder = await tempFolder(t)
  chmodSync(folder, 0o755)
  return folder
}

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
  const folder = await openFolder(t)
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

t.test('recordHost() keeps what was asked ahead of it, each time', async (t) => {
  const folder = await openFolder(t)
  const path = join(folder, 'conf')
  writeFileSync(path, 'real\n')
  const work = async (host: Host) => {
    await host.ensure(directory({ path: folder }))
    await host.ensure(file({ path, content: 'other\n' }))
  }
  const inventory = await localInventory(t, ['here'])
  let asked: readonly Query[] = []
  for (const run of ['first', 'second', 'third']) {
    const recordings: RecordedHost[] = []
    const { run: ended } = await testRun(
      {
        inventory,
        mode: 'check',
        // Of this machine nothing is asked ahead.
        started: ({ context }) => Object.assign(context, { asked: () => asked }),
      },
      async (play) => {
        await play('record', { hosts: 'all' }, async (host) => {
          for (const _ of [1, 2]) recordings.push(await recordHost(host, work))
        })
      },
    )
    t.equal(ended.failed.size, 0)
    asked = ended.context.runtime('here').prefetch('').asked
    t.ok(asked.length > 2)
    for (const recorded of recordings) {
      const host = fakeHost({ recorded })
      await work(host)
      t.same(
        host.tasks.map(({ status, changes }) => [status, changes[0]?.before]),
        [
          ['ok', undefined],
          ['changed', 'real\n'],
        ],
        `${run} run`,
      )
    }
  }
})

t.test('recordHost() records a fake host, and what was recorded', async (t) => {
  const work = async (host: Host) =>
    await host.ensure(file({ path: '/etc/motd', content: 'new\n' }))
  const recorded = await recordHost(fakeHost({ files: { '/etc/motd': 'old\n' } }), work)
  t.ok('content:/etc/motd' in recorded.accounts['']!.answers)
  t.equal((await work(fakeHost({ recorded }))).changes[0]?.before, 'old\n')
  t.same(await recordHost(fakeHost({ recorded }), work), recorded)
  const alone = { ...recorded.accounts['']!.answers }
  delete alone['stat:/']
  const less = { ...recorded, accounts: { '': { ...recorded.accounts['']!, answers: alone } } }
  const again = await recordHost(fakeHost({ recorded: less }), work)
  t.match(again.accounts['']?.leftOut, { 'content:/etc/motd': /is not known$/ })
})

t.test('recordHost() keeps in mind for all accounts what is planned', async (t) => {
  const folder = await openFolder(t)
  const app = join(folder, 'app')
  const work = async (host: Host) => {
    await host.ensure(directory({ path: app, owner: 'nobody' }))
    await host.as('nobody').ensure(file({ path: join(app, 'x'), content: 'x' }))
  }
  const { recorded } = await recordHere(t, work)
  for (const one of [recorded, await recordHost(fakeHost({ recorded }), work)]) {
    const host = fakeHost({ recorded: one })
    await work(host)
    t.same(
      host.tasks.map(({ status }) => status),
      ['changed', 'changed'],
    )
  }
})

t.test('recordHost() tells commands apart by what they read', async (t) => {
  const hidden = secret('swordfish-4712')
  const work = async (host: Host) => {
    const texts = ['one', Buffer.from('two'), undefined]
    const said: string[] = []
    for (const input of texts)
      said.push((await host.$({ readOnly: true, ...(input && { input }) })`cat`).stdout)
    return said
  }
  const { recorded, json } = await recordHere(t, async (host) => {
    await work(host)
    await host.$({ readOnly: true, input: hidden.reveal() })`grep -c .`
  })
  t.same(await work(fakeHost({ recorded })), ['one', 'two', ''])
  t.same(await work(fakeHost({ commands: { cat: 'declared' } })), Array(3).fill('declared'))
  t.notMatch(json, createHash('sha256').update(hidden.reveal()).digest('hex'))
})

t.test('fakeHost() refuses what was not recorded; what is declared beside it wins', async (t) => {
  const folder = await openFolder(t)
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
  const folder = await openFolder(t)
  mkdirSync(join(folder, 'closed'), { mode: 0o700 })
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
  const folder = await openFolder(t)
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

t.test('recordHost() leaves out files that not everyone can get to', async (t) => {
  const folder = await openFolder(t)
  const at = (name: string) => join(folder, name)
  for (const [name, mode] of [
    ['shut', 0o700],
    ['passed', 0o711],
  ] as const) {
    mkdirSync(at(name))
    mkdirSync(at(`${name}/deep`))
    writeFileSync(at(`${name}/deep/file`), `text of ${name}\n`)
    chmodSync(at(name), mode)
  }
  symlinkSync('shut', at('link'))
  const paths = ['shut/deep/file', 'passed/deep/file', 'link/deep/file'].map(at)
  const { recorded, json } = await recordHere(t, async (host) => {
    await host.ensure([
      ...paths.map((path) => lineInFile({ path, line: 'x' })),
      file({ path: paths[0]!, content: 'x' }),
    ])
  })
  t.match(json, 'text of passed')
  t.notMatch(json, 'text of shut')
  const sum = createHash('sha256').update('text of shut\n').digest('hex')
  t.notMatch(json, sum, 'nor its digest')
  t.same(recorded.accounts['']?.leftOut, {
    [`content:${paths[2]}`]: 'whether everyone on the host may read the file is not known',
    [`content:${paths[0]}`]: 'not everyone on the host may read the file',
    [`sha256:${paths[0]}`]: 'not everyone on the host may read the file',
  })
})

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 })
const ed25519 = generateKeyPairSync('ed25519')
const sealed = { format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'p' } as const
const pem = pair.privateKey.export({ format: 'pem', type: 'pkcs8' })
const hash = scryptSync('password', 'salt', 32).toString('base64')

t.test('recordHost() knows keys and passwords by their looks, in bytes too', async (t) => {
  const folder = await openFolder(t)
  const secrets: Readonly<Record<string, string | Buffer>> = {
    apr1: 'user:$apr1$saltsalt$abcdefghijklmnopqrstuv\n',
    bcrypt: `user:$2y$05$${'a'.repeat(53)}\n`,
    argon2: `$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$${hash}\n`,
    django: `pbkdf2_sha256$600000$saltsalt$${hash}\n`,
    djangoArgon2: `argon2$argon2i$v=19$m=512,t=2,p=2$c2FsdHNhbHQ$${hash}\n`,
    ldap: `userPassword: {SSHA}${hash}\n`,
    postgres: `SCRAM-SHA-256$4096:c2FsdA==$${hash}:${hash}\n`,
    grants: `GRANT USAGE ON *.* TO \`a\`@\`b\` IDENTIFIED VIA ed25519 USING '${hash.slice(0, 43)}'\n`,
    privileges: `b\ta\t{"access":0,"plugin":"ed25519","authentication_string":"${hash.slice(0, 43)}"}\n`,
    pgp: ['-----BEGIN PGP', 'PRIVATE KEY BLOCK-----'].join(' '),
    pemInBytes: Buffer.concat([Buffer.from([0xff, 0]), Buffer.from(pem)]),
    sec1: pair.privateKey.export({ format: 'der', type: 'sec1' }),
    pkcs1: rsa.privateKey.export({ format: 'der', type: 'pkcs1' }),
    pkcs8: ed25519.privateKey.export({ format: 'der', type: 'pkcs8' }),
    pkcs8Sealed: pair.privateKey.export(sealed),
    java: Buffer.from('feedfeed00000002', 'hex'),
  }
  const others: Readonly<Record<string, string | Buffer>> = {
    public: pair.publicKey.export({ format: 'der', type: 'spki' }),
    publicPem: pair.publicKey.export({ format: 'pem', type: 'spki' }),
    publicRsa: rsa.publicKey.export({ format: 'der', type: 'pkcs1' }),
    script: 'echo "$HOME$PATH" $1 $2 "${3}"; price=$5$6\n',
    socket: `GRANT ALL ON *.* TO root@localhost IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket\n`,
    sum: `sha1: ${'a'.repeat(40)}\n`,
  }
  const all = { ...secrets, ...others }
  for (const [name, content] of Object.entries(all)) writeFileSync(join(folder, name), content)
  const { recorded } = await recordHere(t, async (host) => {
    for (const name of Object.keys(all)) {
      const path = join(folder, name)
      await host.ensure(lineInFile({ path, line: 'x' }))
      await host.$({ readOnly: true })`cat ${path}`
    }
    for (const line of ['getent shadow root', 'echo mysql.global_priv'])
      await host.$({ readOnly: true })`sh -c ${line}`
  })
  const { answers, commands, leftOut } = recorded.accounts['']!
  const look = 'it looks like a private key or a password'
  for (const name of Object.keys(secrets)) {
    t.equal(leftOut[`content:${join(folder, name)}`], look, name)
    t.equal(leftOut[`cat '${join(folder, name)}'`], look, `${name}, printed`)
  }
  for (const name of Object.keys(others)) {
    t.ok(`content:${join(folder, name)}` in answers, name)
    t.ok(`cat '${join(folder, name)}'` in commands, `${name}, printed`)
  }
  t.equal(leftOut["sh -c 'getent shadow root'"], 'it tells of a password')
  t.equal(leftOut["sh -c 'echo mysql.global_priv'"], 'it tells of a password')
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

t.test('what a recording cannot know is nothing to the hosts that wait', async (t) => {
  const own = fact<string>('own')
  const inventory = await localInventory(t, ['a', 'b'])
  const shy = role({ name: 'shy', run: async (host) => (await host.$`echo said`).stdout.trim() })
  let tasks: readonly TaskEvent[] = []
  const { run } = await testRun({ inventory }, async (play) => {
    await play('record', { hosts: 'all' }, async (host) => {
      if (host.name === 'b') return void (await host.peer('a').fact(own))
      const recorded = await recordHost(host, shy)
      const again = fakeHost({ recorded })
      await shy(again)
      tasks = again.tasks
    })
  })
  t.match(tasks.at(-1), { task: 'role shy', status: 'unknown' })
  t.equal(run.failed.get('a'), undefined)
  t.match(run.failed.get('b'), {
    code: 'FACT_NOT_PUBLISHED',
    message: /"a" has finished without publishing it$/,
  })
})
