import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { Test } from 'tap'
import { connect } from '../../lib/connection/index.js'
import type { Connection, Message } from '../../lib/connection/index.js'
import { startLoop } from '../../lib/connection/loop.js'
import { sendMessage } from '../../lib/connection/send-message.js'
import { runShellCases, runTimeoutCases } from './shell-cases.js'

const settings = {
  name: 'here',
  kind: 'local',
  address: 'localhost',
  port: 22,
  user: 'root',
  knownHostsFiles: [],
  hostKeyChecking: true,
  connectTimeout: 10_000,
  proxyJump: [],
} as const

/** A search path on which `sh` is the given shell. */
function pathWith(t: Test, shell: string): string {
  const folder = t.testdir({ bin: { sh: t.fixture('symlink', `/bin/${shell}`) } })
  return `${join(folder, 'bin')}:${process.env.PATH}`
}

function connectLocally(t: Test, shell = 'dash'): Connection {
  const path = process.env.PATH
  process.env.PATH = pathWith(t, shell)
  const connection = connect(settings)
  t.teardown(async () => {
    process.env.PATH = path
    await connection.close()
  })
  return connection
}

for (const name of ['dash', 'bash']) {
  t.test(`a local shell under ${name} answers every message`, async (t) => {
    const shell = await connectLocally(t, name).shell()
    await runShellCases(t, shell)
    await runTimeoutCases(t, shell)
    const { stdout } = await shell.run({ script: 'echo $HW_SESSION $PPID' })
    t.equal(stdout.toString(), `${process.pid} ${process.pid}\n`)
  })

  t.test(`half a message does nothing under ${name}`, async (t) => {
    const { command, input } = startLoop('mark')
    const env = { ...process.env, PATH: pathWith(t, name) }
    const script = 'cat >tmp; mv tmp final'
    const start = (bytes: number, seconds: number): string =>
      `1 ${script.length} ${bytes} ${seconds}\n${script}\n`
    const packed = gzipSync('123456789').toString('latin1')
    const startPacked = `1 ${script.length} z${packed.length} 0\n${script}\n`
    const cases: Readonly<Record<string, readonly [sent: string, file: string, done: boolean]>> = {
      'a script that is cut off': ['1 9 none 0\ntouch ab', 'ab', false],
      'a script without its newline': ['1 8 none 0\ntouch ab', 'ab', false],
      'a whole script': ['1 8 none 0\ntouch ab\n', 'ab', true],
      'an input that is cut off': [`${start(9, 0)}12345`, 'final', false],
      'an input without its newline': [`${start(9, 0)}123456789`, 'final', false],
      'a whole input': [`${start(9, 0)}123456789\n`, 'final', true],
      'a compressed input that is cut off': [startPacked + packed.slice(0, -9), 'final', false],
      'a compressed input without its newline': [startPacked + packed, 'final', false],
      'a whole compressed input': [`${startPacked}${packed}\n`, 'final', true],
      'half an input with a timeout': [`${start(9, 1)}12345`, 'final', false],
      'a whole input with a timeout': [`${start(9, 9)}123456789\n`, 'final', true],
    }
    for (const [what, [sent, file, done]] of Object.entries(cases)) {
      const cwd = join(t.testdirName, what)
      mkdirSync(cwd)
      const child = spawn('sh', ['-c', command], { cwd, env, detached: true })
      child.stdout.resume()
      child.stderr.resume()
      child.stdin.end(`${input}${sent}`, 'latin1')
      // Longer than the timeout takes to end the script, and shorter than the loop needs to end then.
      await Promise.race([once(child, 'exit'), sleep(3000)])
      t.equal(existsSync(join(cwd, file)), done, what)
      endGroup(child.pid!)
    }
  })
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

t.test(
  'a gzip that breaks off on the host is never taken for the end of what it was given',
  async (t) => {
    for (const shell of ['dash', 'bash']) {
      const folder = t.testdir({
        bin: { sh: t.fixture('symlink', `/bin/${shell}`) },
        broken: { gzip: '#!/bin/sh\nhead -c 40\nexit 1\n' },
      })
      chmodSync(join(folder, 'broken/gzip'), 0o755)
      const path = process.env['PATH']
      process.env['PATH'] = `${folder}/broken:${folder}/bin:${path}`
      const connection = connect({ ...settings })
      const long = 'a line like any other\n'.repeat(5_000)
      const done = join(folder, 'done')
      for (const message of [
        { script: `: '${long}'; touch ${done}` },
        { script: `cat >/dev/null; touch ${done}`, input: Buffer.from(long) },
      ])
        await t.rejects((await connection.shell()).run(message), { code: 'CONNECTION_LOST' }, shell)
      process.env['PATH'] = path
      await connection.close()
      t.notOk(existsSync(done))
    }
  },
)

t.test('sendMessage() compresses what is long and becomes much smaller', async (t) => {
  const text = Buffer.from('a line like any other\n'.repeat(5_000))
  const noise = randomBytes(text.length)
  const sent = async (message: Message, gzip: boolean): Promise<number> => {
    const stream = new PassThrough({ highWaterMark: 1024 * 1024 })
    await sendMessage(stream, '', 1, message, gzip)
    return stream.readableLength
  }
  const script = `: '${text.toString()}'`
  const cases: [what: string, message: Message, gzip: boolean, most: number, least: number][] = [
    ['a text', { script: 'cat', input: text }, true, 5_000, 0],
    ['a script', { script }, true, 5_000, 0],
    ['both', { script, input: text }, true, 10_000, 0],
    ['noise', { script: 'cat', input: noise }, true, Infinity, noise.length],
    ['a short text', { script: 'cat', input: text.subarray(0, 9_000) }, true, Infinity, 9_000],
    ['for a host without gzip', { script: 'cat', input: text }, false, Infinity, text.length],
  ]
  for (const [what, message, gzip, most, least] of cases) {
    const bytes = await sent(message, gzip)
    t.ok(bytes <= most && bytes >= least, `${what}: ${bytes} bytes`)
  }
})

t.test('a shell that is killed rejects what waits, and the next one works', async (t) => {
  const connection = connectLocally(t)
  const shell = await connection.shell()
  const all = await Promise.allSettled([
    shell.run({ script: 'echo last words >&2; kill -9 $$' }),
    shell.run({ script: 'echo never' }),
  ])
  for (const each of all)
    t.match(each, { status: 'rejected', reason: { code: 'CONNECTION_LOST', host: 'here' } })
  t.match(all[0], { reason: { stderr: 'last words\n' } })
  await t.rejects(shell.run({ script: ':' }), { code: 'CONNECTION_LOST' })
  const next = await connection.shell()
  t.equal((await next.run({ script: 'echo again' })).stdout.toString(), 'again\n')
  t.equal(await connection.shell(), next, 'a shell that lives is kept')
})

t.test('what goes wrong on this side ends the shell, and the next one works', async (t) => {
  const connection = connectLocally(t)
  const broken = {
    script: 'echo x',
    onStdout: () => {
      throw new Error('no room')
    },
  }
  await t.rejects((await connection.shell()).run(broken), { message: 'no room' })
  for (const size of [2, 4]) {
    const input = {
      size,
      chunks: (async function* () {
        yield Buffer.from('abc')
      })(),
    }
    const message = { script: 'cat', input }
    await t.rejects((await connection.shell()).run(message), { code: 'PARAMETER_INVALID' })
  }
  const source = (async function* () {
    yield Buffer.from('a')
    throw new Error('no source')
  })()
  const message = { script: 'cat', input: { size: 9, chunks: source } }
  await t.rejects((await connection.shell()).run(message), { message: 'no source' })
  const reply = await (await connection.shell()).run({ script: 'echo fine' })
  t.equal(reply.stdout.toString(), 'fine\n')
})

t.test('close() ends the shell and what it left behind', async (t) => {
  const connection = connectLocally(t)
  const shell = await connection.shell()
  const { stdout } = await shell.run({ script: 'sleep 8000 & echo $! $$' })
  const busy = shell.run({ script: 'sleep 8000' })
  await Promise.all([t.rejects(busy, { code: 'CONNECTION_LOST' }), connection.close()])
  await sleep(100)
  for (const pid of stdout.toString().trim().split(' '))
    t.notOk(existsSync(`/proc/${pid}/exe`), pid)
})

t.test('become changes the user; who is that user already needs no sudo', async (t) => {
  const connection = connectLocally(t)
  const [own, root, nobody] = await Promise.all([
    connection.shell(),
    connection.shell({ user: 'root' }),
    connection.shell({ user: 'nobody', password: 'not needed' }),
  ])
  t.equal(own, root)
  await runShellCases(t, nobody)
  await runTimeoutCases(t, nobody)
  const { stdout } = await nobody.run({ script: 'id -un; echo "$HW_SESSION"' })
  t.equal(stdout.toString(), `nobody\n${process.pid}\n`)
  await t.rejects(connection.shell({ user: 'no-such-user' }), {
    code: 'BECOME_FAILED',
    message:
      /^Cannot become "no-such-user" on "here": sudo ended \(exit status 1\): .*unknown user/,
  })
})

t.test('nothing that is sent shows in a list of processes', async (t) => {
  const connection = connectLocally(t)
  const [shell, other] = await Promise.all([
    connection.shell(),
    connection.shell({ user: 'nobody' }),
  ])
  const token = 'swordfish-4711'
  for (const timeout of [undefined, 20_000]) {
    const message = {
      script: `: ${token}; export token=${token}; sleep 1; cat >/dev/null; sleep 1`,
      input: Buffer.from(token.repeat(1000)),
    }
    const running = shell.run(timeout === undefined ? message : { ...message, timeout })
    await sleep(500)
    const { stdout } = await other.run({ script: 'cat /proc/[0-9]*/cmdline | tr "\\0" " "' })
    t.match(stdout.toString(), 'sleep 1')
    t.notMatch(stdout.toString(), token)
    await running
  }
})

t.test('100 MB go in and out in bounded memory', async (t) => {
  const shell = await connectLocally(t).shell()
  const size = 100_000_000
  const chunk = Buffer.alloc(1_000_000, 'x')
  async function* source(): AsyncIterable<Uint8Array> {
    for (let sent = 0; sent < size; sent += chunk.length) yield chunk
  }
  const before = process.memoryUsage().rss
  let peak = 0
  let received = 0
  await shell.run({
    script: 'cat',
    input: { size, chunks: source() },
    onStdout: ({ length }) => {
      received += length
      peak = Math.max(peak, process.memoryUsage().rss)
    },
  })
  t.equal(received, size)
  t.ok(peak - before < 60_000_000, 'resident memory grows by less than 60 MB', {
    grown: peak - before,
  })
  const { stdout } = await shell.run({ script: `head -c ${size} /dev/zero` })
  t.equal(stdout.length, size)
})

t.test('close() leaves no timer that the program would wait for', async (t) => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const connection = connectLocally(t)
  await (await connection.shell()).run({ script: ':' })
  await connection.close()
  t.equal(timers(), before)
})
