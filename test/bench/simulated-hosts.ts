// Simulated hosts: one process that speaks SSH on many addresses of the loopback interface, and
// starts a real sh for each session, under a user number and in a home of its own. It shares this
// machine's kernel, file system and programs, and runs no sshd; what it shows is the controller.
// usage: node --import tsx test/bench/simulated-hosts.ts FOLDER COUNT PORT
//   FOLDER has host_key and user.pub; it gets the homes
import { spawn } from 'node:child_process'
import { chownSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import ssh2, { type Connection, type ParsedKey, type ServerChannel } from 'ssh2'
import { simulatedHost } from './simulated.js'

const [folder = '', count = '0', port = '0'] = process.argv.slice(2)
const allowed = parsedKey(join(folder, 'user.pub'))
const hostKeys = [readFileSync(join(folder, 'host_key'))]
/** By address: a server for each host, since connections to two addresses may come from one port. */
const servers = new Map(
  Array.from({ length: Number(count) }, (_, at) => {
    const host = simulatedHost(folder, at)
    mkdirSync(join(host.home, 'run'), { recursive: true })
    for (const path of [host.home, join(host.home, 'run')]) chownSync(path, host.uid, host.uid)
    return [host.address, new ssh2.Server({ hostKeys }, (client) => serve(client, host))]
  }),
)

// Whoever has started it has ended.
process.stdin.on('end', () => process.exit()).resume()

// Enough room for all to call at once.
createServer((socket) => {
  const server = servers.get(socket.localAddress ?? '')
  if (!server) return void socket.destroy()
  socket.setNoDelay(true)
  server.injectSocket(socket)
}).listen({ host: '0.0.0.0', port: Number(port), backlog: 4096 }, () => console.log('ready'))

function parsedKey(file: string): ParsedKey {
  const key = ssh2.utils.parseKey(readFileSync(file))
  if (key instanceof Error) throw key
  return key
}

function serve(client: Connection, host: ReturnType<typeof simulatedHost>): void {
  client.on('error', () => undefined)
  client.on('authentication', (context) => {
    const isAllowed =
      context.method === 'publickey' &&
      allowed.getPublicSSH().equals(context.key.data) &&
      (!context.signature ||
        allowed.verify(context.blob ?? '', context.signature, context.hashAlgo))
    if (isAllowed === true) context.accept()
    else context.reject(['publickey'])
  })
  client.on('session', (accept) => {
    accept().on('exec', (start, _, { command }) => run(start(), command, host))
  })
}

function run(
  channel: ServerChannel,
  command: string,
  { uid, home }: ReturnType<typeof simulatedHost>,
): void {
  const env = {
    HOME: home,
    XDG_RUNTIME_DIR: join(home, 'run'),
    PATH: '/usr/local/bin:/usr/bin:/bin',
  }
  const child = spawn('sh', ['-c', command], { cwd: home, env, uid, gid: uid })
  channel.pipe(child.stdin)
  child.stdin.on('error', () => undefined)
  child.stdout.pipe(channel, { end: false })
  child.stderr.pipe(channel.stderr, { end: false })
  child.on('close', (code) => {
    channel.exit(code ?? 255)
    channel.end()
  })
  channel.on('close', () => child.kill())
}
