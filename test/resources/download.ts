import t from 'tap'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { secret } from '../../lib/core/secret.js'
import { download } from '../../lib/resources/index.js'
import { sha256 as sumAt } from '../../lib/resources/probes/index.js'
import type { Resource } from '../../lib/resources/types.js'
import { planOf } from '../fixtures/ask.js'
import { alone, localInventory, tempFolder, testRun } from '../fixtures/run.js'

const body = 'what is fetched\n'
const sha256 = createHash('sha256').update(body).digest('hex')

async function serve(t: Test, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function ensure(t: Test, ...resources: readonly Resource[]) {
  const inventory = await localInventory(t, ['here'])
  const { tasks, events } = await testRun({ inventory }, async (play) => {
    await play('test', { hosts: 'all' }, async (host) => void (await host.ensure(resources)))
  })
  const failure = events.find((event) => event.type === 'failure')
  return { tasks, error: failure?.error, told: JSON.stringify(events) }
}

/** Programs that are found before those of the machine. */
function shadow(t: Test, folder: string, programs: Readonly<Record<string, string>>): void {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  for (const [name, lines] of Object.entries(programs))
    writeFileSync(join(bin, name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 })
  const path = process.env['PATH']
  process.env['PATH'] = `${bin}:${path}`
  t.teardown(() => (process.env['PATH'] = path))
}

/** The command lines of all processes. */
function processes(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8')
      } catch {
        return ''
      }
    })
    .join('\n')
}

t.test('a URL that is a secret shows neither in what is told nor among processes', async (t) => {
  const folder = await tempFolder(t)
  const path = join(folder, 'a.bin')
  const asked: string[] = []
  let listed = ''
  const server = await serve(t, ({ url = '', headers }, response) => {
    listed ||= processes()
    asked.push(url, Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString())
    if (url.startsWith('/gone')) response.statusCode = 404
    response.end(body)
  })
  const token = String.raw`t0ken"\-4711`
  const url = secret(`http://robot:hunter22@${server}/a?${token}`)
  const first = await ensure(t, download({ url, path, sha256 }))
  t.equal(first.error, undefined)
  t.same(asked, [`/a?${token}`, 'robot:hunter22'])
  t.equal(readFileSync(path, 'utf8'), body)
  t.equal(statSync(path).mode & 0o777, 0o644)
  t.match(first.told, '"property":"state","from":"absent","to":"***"')
  t.match(listed, /curl\0/)
  writeFileSync(path, 'another')
  const gone = secret(`http://robot:hunter22@${server}/gone?${token}`)
  const bad = await ensure(t, download({ url: gone, path, sha256 }))
  t.match(bad.error, { code: 'TASK_FAILED', stderr: /404/ })
  const wrong = await ensure(t, download({ url, path, sha256: '0'.repeat(64) }))
  t.match(wrong.error, { code: 'VALIDATION_FAILED', message: 'Cannot take "***": its SHA-256 is' })
  for (const text of [first.told, bad.told, wrong.told, listed]) t.notMatch(text, /hunter22|4711/)
  t.same(readdirSync(folder), ['a.bin'])
})

t.test('a URL that is a secret is not given to a program that would show it', async (t) => {
  const folder = await tempFolder(t)
  const url = secret('http://127.0.0.1:9/?t0ken-4711')
  const [step] = planOf(download({ url, path: join(folder, 'a'), sha256 }), [
    [sumAt(join(folder, 'a')), null],
  ]).steps
  t.match(step?.errors?.[84], { message: 'Cannot fetch "***": the host has no curl' })
  t.notMatch(step?.script, 'apt-helper')
})

t.test('a download that stalls ends with an error that says so', async (t) => {
  const folder = await tempFolder(t)
  const path = join(folder, 'a.bin')
  writeFileSync(path, 'old')
  // The same limit, and less of it than the minute that a slow server gets.
  shadow(t, folder, { curl: 'exec /usr/bin/curl "$@" --speed-time 2' })
  const server = await serve(t, ({ url }, response) => {
    if (url === '/silent') return
    response.writeHead(200, { 'content-length': body.length })
    response.write(body.slice(0, 5))
  })
  // Waiting for other test files is not what is measured.
  await alone(async () => {
    for (const name of ['silent', 'half']) {
      const url = `http://${server}/${name}`
      const started = performance.now()
      const { error } = await ensure(t, download({ url, path, sha256 }))
      t.ok(performance.now() - started < 15_000, name)
      const message = `Cannot fetch "${url}": its server has not answered, or has stopped sending, for 60 s`
      t.match(error, { code: 'TASK_FAILED', message, exitCode: 28 })
      t.equal(readFileSync(path, 'utf8'), 'old')
      t.same(readdirSync(folder).toSorted(), ['a.bin', 'bin'])
    }
  })
})

t.test('what a killed download has left goes, and nothing else', async (t) => {
  const folder = await tempFolder(t)
  const path = join(folder, 'a.bin')
  let fetching: (() => void) | undefined
  const server = await serve(t, (_, response) => {
    if (fetching === undefined) return void response.end(body)
    response.writeHead(200, { 'content-length': body.length })
    response.write(body.slice(0, 5))
    // Until it has been written.
    setTimeout(fetching, 200)
  })
  const wish = download({ url: `http://${server}/a`, path, sha256 })
  const [step] = planOf(wish, [[sumAt(path), null]]).steps
  /** Kills it in the middle of the file. */
  const kill = async (signal: NodeJS.Signals): Promise<string[]> => {
    const child = spawn('sh', ['-c', step!.script], { detached: true, stdio: 'ignore' })
    await new Promise<void>((resolve) => (fetching = resolve))
    process.kill(-child.pid!, signal)
    await once(child, 'close')
    return readdirSync(folder)
  }
  t.same(await kill('SIGTERM'), [], 'it tidies up where it can')
  t.same(await kill('SIGHUP'), [])
  t.match(await kill('SIGKILL'), [/^\.hostwright\.a\.bin\.\w{6}$/])
  fetching = undefined
  const others = ['a.bin.backup', 'a.bin.sha256', '.hostwright.b.bin.AAAAAA', '.hostwright.a.bin.x']
  for (const name of others) mkdirSync(join(folder, name))
  const target = join(await tempFolder(t), 'target')
  mkdirSync(target)
  symlinkSync(target, join(folder, '.hostwright.a.bin.BBBBBB'))
  if (process.getuid?.() === 0) {
    const foreign = '.hostwright.a.bin.CCCCCC'
    others.push(foreign)
    mkdirSync(join(folder, foreign))
    chownSync(join(folder, foreign), 65534, 65534)
  }
  t.match(await ensure(t, wish), { error: undefined })
  t.same(readdirSync(folder).toSorted(), [...others, 'a.bin'].toSorted())
  t.ok(statSync(target).isDirectory())
})
