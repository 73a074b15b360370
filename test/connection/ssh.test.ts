import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { connect } from '../../lib/connection/index.js'
import type { Become, Connection, ConnectionSettings } from '../../lib/connection/index.js'
import { password, startSshd } from './private-sshd.js'
import { runShellCases, runTimeoutCases } from './shell-cases.js'

// Neither the agent nor the keys of whoever runs the tests may let them in.
delete process.env.SSH_AUTH_SOCK
process.env.HOME = t.testdir({ '.ssh': {}, sshd: {} })
const sshd = await startSshd(join(t.testdirName, 'sshd'))
t.teardown(() => sshd.stop())
const endpoint = `127.0.0.1:${sshd.port}`
const stored = `[127.0.0.1]:${sshd.port}`

function open(t: Test, changes: Partial<ConnectionSettings> = {}): Connection {
  const connection = connect(sshd.settings(changes))
  t.teardown(() => connection.close())
  return connection
}

interface Refusal {
  readonly code: string
  readonly message: string | RegExp
  readonly host?: string
  readonly hint?: string
  readonly place?: { readonly line: number }
}

/** Takes the key out of the settings. */
const keyless = { privateKeyFile: undefined } as unknown as Partial<ConnectionSettings>

/** Logs in with a password. */
function as(user: string, secret: string = password): Partial<ConnectionSettings> {
  return { ...keyless, user, password: secret }
}

async function output(connection: Connection, script: string, become?: Become): Promise<string> {
  const reply = await (await connection.shell(become)).run({ script })
  return reply.stdout.toString()
}

/** A known_hosts file of its own for one test. */
function knownHosts(t: Test, ...lines: readonly string[]): { readonly knownHostsFiles: string[] } {
  return { knownHostsFiles: [join(t.testdir({ known: lines.join('\n') }), 'known')] }
}

t.test('a shell over ssh answers every message', async (t) => {
  const shell = await open(t).shell()
  await runShellCases(t, shell)
  await runTimeoutCases(t, shell)
})

t.test('a shell over ssh under sudo with a password answers every message', async (t) => {
  const connection = open(t, as('asks'))
  const shell = await connection.shell({ user: 'root', password })
  await runShellCases(t, shell)
  await runTimeoutCases(t, shell)
  t.same(
    [
      await output(connection, 'id -un'),
      await output(connection, 'id -un; echo "$HOME"', { user: 'root', password }),
      await output(connection, 'id -un', { user: 'free', password }),
    ],
    ['asks\n', 'root\n/root\n', 'free\n'],
  )
})

t.test('sudo gets no password where it asks for none', async (t) => {
  const connection = open(t, as('free'))
  t.equal(await output(connection, 'id -un', { user: 'root' }), 'root\n')
  t.equal(await output(connection, 'cat; id -un', { user: 'root', password: 'unused' }), 'root\n')
})

t.test('sudo that refuses is an error at once', async (t) => {
  const cases: Readonly<Record<string, [user: string, become: Become, message: RegExp]>> = {
    'a wrong password': [
      'asks',
      { user: 'root', password: 'wrong' },
      /does not accept the password/,
    ],
    'no password': ['asks', { user: 'root' }, /asks for a password and none is given/],
    'no right': ['never', { user: 'root', password }, /not in the sudoers file/],
  }
  for (const [what, [user, become, message]] of Object.entries(cases)) {
    const started = Date.now()
    await t.rejects(
      open(t, as(user)).shell(become),
      { code: 'BECOME_FAILED', host: 'host1', message, hint: /./, stderr: /^(?!.*hostwright)/s },
      what,
    )
    t.ok(Date.now() - started < 10_000, what)
  }
})

t.test('$HW_SESSION is the session that the shells of a connection share', async (t) => {
  const connection = open(t, as('free'))
  const own = await output(connection, 'echo "$HW_SESSION"; cat "/proc/$HW_SESSION/comm"')
  const root = await output(connection, 'echo "$HW_SESSION"; cat "/proc/$HW_SESSION/comm"', {
    user: 'root',
  })
  t.match(own, /^\d+\nsshd/)
  t.equal(own, root)
})

t.test(
  'a session that is killed rejects what runs and what waits; the next one works',
  async (t) => {
    const connection = open(t)
    const shell = await connection.shell()
    const all = await Promise.allSettled([
      shell.run({ script: 'echo last >&2; sleep 0.2; kill -9 "$HW_SESSION"; sleep 5' }),
      shell.run({ script: ':' }),
    ])
    for (const each of all)
      t.match(each, {
        status: 'rejected',
        reason: {
          code: 'CONNECTION_LOST',
          message: /^Cannot go on with "host1": the connection is lost/,
        },
      })
    await t.rejects(shell.run({ script: ':' }), { code: 'CONNECTION_LOST' })
    const [one, two] = await Promise.all([connection.shell(), connection.shell({ user: 'nobody' })])
    t.equal((await one.run({ script: 'echo again' })).stdout.toString(), 'again\n')
    t.equal((await two.run({ script: 'id -un' })).stdout.toString(), 'nobody\n')
    const ids = await Promise.all(
      [one, two].map((each) => each.run({ script: 'echo $HW_SESSION' })),
    )
    t.equal(ids[0]?.stdout.toString(), ids[1]?.stdout.toString(), 'on one new connection')
  },
)

t.test('a connection that breaks while much is sent is lost, not hung', async (t) => {
  const connection = open(t)
  const shell = await connection.shell()
  const session = (await shell.run({ script: 'echo $HW_SESSION' })).stdout.toString().trim()
  const input = Buffer.alloc(50_000_000)
  const script = 'cat >/dev/null; sleep 5'
  const running = shell.run({ script: `head -c 1000; ${script}`, input })
  setTimeout(() => process.kill(Number(session), 'SIGKILL'), 100)
  await t.rejects(running, { code: 'CONNECTION_LOST' })
})

t.test('100 MB go in and out in bounded memory', async (t) => {
  const shell = await open(t).shell()
  const size = 100_000_000
  const chunk = Buffer.alloc(1_000_000, 'x')
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let sent = 0; sent < size; sent += chunk.length) yield chunk
  }
  const before = process.memoryUsage().rss
  let peak = 0
  let received = 0
  const look = ({ length }: Buffer): void => {
    received += length
    peak = Math.max(peak, process.memoryUsage().rss)
  }
  await shell.run({ script: 'cat', input: { size, chunks: source() }, onStdout: look })
  t.equal(received, size)
  t.ok(peak - before < 80_000_000, 'resident memory grows little', { grown: peak - before })
  t.comment(`resident memory grew by ${Math.round((peak - before) / 1e6)} MB`)
})

t.test('many small messages', async (t) => {
  const shell = await open(t).shell()
  const started = performance.now()
  const wrong: number[] = []
  for (let count = 0; count < 300; count++) {
    const { stdout } = await shell.run({ script: `echo ${count}` })
    if (stdout.toString() !== `${count}\n`) wrong.push(count)
  }
  t.comment(`${((performance.now() - started) / 300).toFixed(2)} ms a message`)
  t.same(wrong, [])
})

t.test('host keys', async (t) => {
  const ed25519 = sshd.publicKey('ed25519')
  const rsa = sshd.publicKey('rsa')
  const wrong = execFileSync('sh', [
    '-c',
    `cd ${sshd.folder} && rm -f other* && ssh-keygen -q -t ed25519 -N '' -f other && cut -d' ' -f1,2 other.pub`,
  ])
    .toString()
    .trim()
  const hashed = (line: string): string => {
    const file = join(sshd.folder, 'hashed')
    writeFileSync(file, `${line}\n`)
    execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' })
    return readFileSync(file, 'utf8').trim()
  }
  const accepted: Readonly<Record<string, readonly string[]>> = {
    plain: [`${stored} ${ed25519} a comment`],
    'the RSA key alone': [`${stored} ${rsa}`],
    hashed: ['# a comment', '', hashed(`${stored} ${ed25519}`)],
    'one of several names': [`web1,${stored},*.example.org ${ed25519}`],
    'a pattern': [`[127.0.0.?]:* ${ed25519}`],
    'without the port': [`127.0.0.1 ${ed25519}`],
    'beside an old key of the same type': [`${stored} ${wrong}`, `${stored} ${ed25519}`],
    'beside broken lines': [
      'nonsense',
      '@odd x y z',
      `${stored} ssh-ed25519 AAAA`,
      `${stored} ${ed25519}`,
    ],
  }
  for (const [what, lines] of Object.entries(accepted))
    t.equal(await output(open(t, knownHosts(t, ...lines)), 'echo in'), 'in\n', what)

  const print = execFileSync('ssh-keygen', [
    '-lf',
    join(sshd.folder, 'host_ed25519.pub'),
  ]).toString()
  const unknown = {
    code: 'HOST_KEY_UNKNOWN',
    host: 'host1',
    message: `Cannot trust "host1" at ${endpoint}: its ssh-ed25519 host key ${print.split(' ')[1]} is in none of`,
    hint: `ssh-keyscan -p ${sshd.port} '127.0.0.1' >> '`,
  }
  const changed = {
    code: 'HOST_KEY_CHANGED',
    host: 'host1',
    message: /host key SHA256:.* is not the one in /,
  }
  const revoked = { code: 'HOST_KEY_CHANGED', message: /is revoked in / }
  const refused: Readonly<Record<string, readonly [error: Refusal, ...lines: string[]]>> = {
    'no line': [unknown],
    'another host': [
      unknown,
      `[127.0.0.1]:1 ${ed25519}`,
      hashed(`[127.0.0.2]:${sshd.port} ${ed25519}`),
    ],
    'a negated name': [unknown, `[127.0.0.*]:*,!${stored} ${ed25519}`],
    'an authority': [
      { ...unknown, message: /an authority, which is not supported/ },
      `@cert-authority ${stored} ${ed25519}`,
    ],
    'another key without the port': [unknown, `127.0.0.1 ${wrong}`],
    'another key': [
      { ...changed, place: { line: 2 }, hint: `ssh-keygen -f ` },
      '#',
      `${stored} ${wrong}`,
    ],
    'another key, hashed': [changed, hashed(`${stored} ${wrong}`)],
    'a revoked key': [revoked, `${stored} ${ed25519}`, `@revoked * ${ed25519}`],
  }
  for (const [what, [error, ...lines]] of Object.entries(refused))
    await t.rejects(open(t, knownHosts(t, ...lines)).shell(), error, what)

  const unchecked = { hostKeyChecking: false }
  t.equal(await output(open(t, { ...unchecked, knownHostsFiles: [] }), 'echo in'), 'in\n')
  const lines = knownHosts(t, `@revoked ${stored} ${ed25519}`)
  await t.rejects(open(t, { ...unchecked, ...lines }).shell(), revoked, 'revoked and not checked')
  t.notMatch(sshd.log(), /authorized_keys: bad/)
  t.match(sshd.log(), /^debug1: /m, 'it logs what it is asked')
  t.notMatch(sshd.log(), /hostkeys-prove/, 'no host signs with its other keys')

  const before = knownHosts(t, `${stored} ${wrong}`)
  const file = before.knownHostsFiles[0]!
  const error = await open(t, before)
    .shell()
    .catch((reason: Error & { hint?: string }) => reason)
  const command = 'hint' in error ? /(ssh-keygen -f .*)$/.exec(error.hint ?? '')?.[1] : undefined
  execFileSync('sh', ['-c', command ?? 'false'], { stdio: 'ignore' })
  const after = await open(t, before)
    .shell()
    .catch((reason: Error & { hint?: string }) => reason)
  const accept = 'hint' in after ? /(ssh-keyscan .*)$/.exec(after.hint ?? '')?.[1] : undefined
  execFileSync('sh', ['-c', accept ?? 'false'], { stdio: 'ignore' })
  t.match(readFileSync(file, 'utf8'), ed25519, 'the hints lead to the key')
  t.equal(await output(open(t, before), 'echo in'), 'in\n')
})

t.test('logging in', async (t) => {
  t.equal(await output(open(t, as('free')), 'id -un'), 'free\n', 'with a password')
  const locked = join(sshd.folder, 'locked')
  execFileSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', 'open sesame', '-f', locked])
  appendFileSync(join(sshd.folder, 'authorized_keys'), readFileSync(`${locked}.pub`))
  const key = { privateKeyFile: locked }
  t.equal(await output(open(t, { ...key, privateKeyPassphrase: 'open sesame' }), 'echo in'), 'in\n')
  const identity = {
    ...keyless,
    identityFiles: ['/missing', join(sshd.folder, 'user')],
  }
  t.equal(await output(open(t, identity), 'echo in'), 'in\n')
  const other = join(sshd.folder, 'stranger')
  execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-N', '', '-f', other])
  const refused: Readonly<Record<string, readonly [Partial<ConnectionSettings>, RegExp]>> = {
    'a missing key': [{ privateKeyFile: '/missing' }, /key \/missing does not exist$/],
    'a file that is no key': [{ privateKeyFile: '/etc/hostname' }, /of no known format/],
    'a locked key': [key, /is locked by a passphrase/],
    'a wrong passphrase': [{ ...key, privateKeyPassphrase: 'x' }, /locked by another passphrase/],
    'a key that is not accepted': [
      { privateKeyFile: other },
      /refused were key .*stranger; the server takes publickey/,
    ],
    'a wrong password': [
      as('free', 'wrong'),
      /as "free": refused were the password.*; the server takes/,
    ],
    nothing: [keyless, /there is nothing to log in with/],
    'an unknown user': [{ user: 'no-such-user' }, /as "no-such-user": refused were key/],
  }
  for (const [what, [changes, message]] of Object.entries(refused))
    await t.rejects(
      open(t, changes).shell(),
      { code: 'AUTHENTICATION_FAILED', host: 'host1', message, hint: /ansible_/ },
      what,
    )
})

t.test('a login that breaks off is no refusal: the host may be starting', async (t) => {
  await t.rejects(open(t, { user: 'gone' }).shell(), {
    code: 'HOST_UNREACHABLE',
    message: /^Cannot reach "host1" at 127\.0\.0\.1:\d+: it has closed the connection/,
  })
})

t.test('the agent', async (t) => {
  const socket = join(t.testdir({}), 'agent')
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
  t.teardown(async () => {
    delete process.env.SSH_AUTH_SOCK
    const ended = once(agent, 'exit')
    agent.kill()
    await ended
  })
  const add = (name: string): boolean => runs('ssh-add', [join(sshd.folder, name)], socket)
  while (!add('stranger')) await sleep(50)
  process.env.SSH_AUTH_SOCK = socket
  await t.rejects(open(t, keyless).shell(), { message: /refused were 1 key of the agent$/ })
  t.ok(add('user'))
  t.equal(await output(open(t, keyless), 'echo in'), 'in\n')
  process.env.SSH_AUTH_SOCK = '/missing'
  t.equal(await output(open(t), 'echo in'), 'in\n', 'an agent that is gone is passed over')
  await t.rejects(open(t, keyless).shell(), { message: /the agent at \/missing does not answer/ })
})

function runs(command: string, args: readonly string[], socket: string): boolean {
  const env = { ...process.env, SSH_AUTH_SOCK: socket }
  return spawnSync(command, args, { env }).status === 0
}

t.test('hosts that cannot be reached', async (t) => {
  const silent = createServer((socket) => t.teardown(() => socket.destroy()))
  const rude = createServer((socket) => socket.end('go away\r\n'))
  for (const server of [silent, rude]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close())
  }
  const port = (server: typeof silent): number => (server.address() as AddressInfo).port
  const cases: Readonly<Record<string, readonly [Partial<ConnectionSettings>, string | RegExp]>> = {
    'a closed port': [{ port: 1 }, 'Cannot reach "host1" at 127.0.0.1:1: connection refused'],
    'a name that does not exist': [
      { address: 'nowhere.invalid' },
      /the name (does not resolve|cannot be resolved now)$/,
    ],
    'a host that accepts and is silent': [
      { port: port(silent), connectTimeout: 500 },
      /: no answer within 0.5 s$/,
    ],
    'something that is not ssh': [{ port: port(rude) }, /^Cannot reach "host1" at .*: ./],
  }
  for (const [what, [changes, message]] of Object.entries(cases)) {
    const started = Date.now()
    await t.rejects(
      open(t, changes).shell(),
      { code: 'HOST_UNREACHABLE', host: 'host1', message, hint: /./ },
      what,
    )
    t.ok(Date.now() - started < 8000, what)
  }
})

t.test('a login shell that lets nobody in', async (t) => {
  await t.rejects(open(t, { user: 'nobody' }).shell(), {
    code: 'HOST_UNREACHABLE',
    message: /^Cannot open a shell on "host1": the login shell ended \(exit status 1\)/,
  })
})

t.test('jump hosts', async (t) => {
  const jump = `root@${endpoint}`
  for (const proxyJump of [[jump], [jump, `ssh://root@127.0.0.1:${sshd.port}`]])
    t.equal(await output(open(t, { proxyJump }), 'echo behind'), 'behind\n', proxyJump.join())

  const { knownHostsFiles } = knownHosts(t)
  await t.rejects(open(t, { proxyJump: [jump], knownHostsFiles }).shell(), {
    code: 'HOST_KEY_UNKNOWN',
  })
  await t.rejects(open(t, { proxyJump: ['root@127.0.0.1:1'] }).shell(), {
    code: 'HOST_UNREACHABLE',
    message: 'Cannot reach "127.0.0.1" at 127.0.0.1:1: connection refused',
  })
  await t.rejects(open(t, { proxyJump: [jump], port: 1 }).shell(), {
    code: 'HOST_UNREACHABLE',
    message: /^Cannot reach "host1" at 127.0.0.1:1: the jump host cannot connect/,
  })
  await t.rejects(open(t, { proxyJump: ['a b:c:d'] }).shell(), { code: 'VARIABLE_INVALID' })
})
