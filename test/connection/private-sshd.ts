import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { ConnectionSettings } from '../../lib/connection/index.js'

/** The password of all users of the private sshd. */
export const password = "right 'horse' $battery"

export interface PrivateSshd {
  readonly folder: string
  readonly port: number
  readonly pid: number
  /** The public host key of a type, as it stands in known_hosts. */
  publicKey(type: 'ed25519' | 'rsa'): string
  /** How root logs in with a key that is accepted, to a host key that is known. */
  settings(changes?: Partial<ConnectionSettings>): ConnectionSettings
  /** What sshd has logged. */
  log(): string
  stop(): Promise<void>
}

/**
 * Starts sshd on a free port of the loopback interface, with keys of its own. It has users that nobody
 * else sees, as files in /etc are covered for it alone: `asks` may use sudo with the password, `free`
 * without, `never` not at all; the login of `gone` breaks off.
 */
export async function startSshd(folder: string): Promise<PrivateSshd> {
  for (const name of ['host_ed25519', 'host_rsa', 'user'])
    execFileSync('ssh-keygen', [
      '-q',
      '-t',
      name.split('_')[1] ?? 'ed25519',
      '-N',
      '',
      '-f',
      join(folder, name),
    ])
  const publicKey = (name: string): string =>
    readFileSync(join(folder, `${name}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ')
  writeFileSync(join(folder, 'authorized_keys'), `${publicKey('user')}\n`)
  addUsers(folder)
  const port = await freePort()
  writeFileSync(
    join(folder, 'sshd_config'),
    [
      `ListenAddress 127.0.0.1:${port}`,
      ...['ed25519', 'rsa'].map((type) => `HostKey ${join(folder, `host_${type}`)}`),
      `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
      'PermitRootLogin prohibit-password',
      'PidFile none',
      'LogLevel DEBUG1',
      'StrictModes no',
      'UsePAM no',
      // Whoever serves the login goes away in the middle of it.
      'Match User gone',
      'AuthorizedKeysFile none',
      'AuthorizedKeysCommandUser root',
      'AuthorizedKeysCommand /bin/sh -c "kill -s KILL $PPID"',
      '',
    ].join('\n'),
  )
  writeFileSync(join(folder, 'known_hosts'), `[127.0.0.1]:${port} ${publicKey('host_ed25519')}\n`)
  // sshd changes to this folder and refuses to start without.
  mkdirSync('/run/sshd', { recursive: true })
  const cover = covered
    .map((name) => `mount --bind ${join(folder, name)} /etc/${name}`)
    .join(' && ')
  const start = `${cover} && exec /usr/sbin/sshd -D -e -f ${join(folder, 'sshd_config')}`
  const sshd = spawn('unshare', ['--mount', 'sh', '-c', start], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  await new Promise<void>((resolve, reject) => {
    sshd.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      if (log.includes('Server listening')) resolve()
    })
    sshd.on('exit', () => reject(new Error(`sshd did not start: ${log}`)))
  })
  return {
    folder,
    port,
    pid: sshd.pid!,
    publicKey: (type) => publicKey(`host_${type}`),
    settings: (changes = {}) => ({
      name: 'host1',
      kind: 'ssh',
      address: '127.0.0.1',
      port,
      user: 'root',
      privateKeyFile: join(folder, 'user'),
      knownHostsFiles: [join(folder, 'known_hosts')],
      hostKeyChecking: true,
      connectTimeout: 10_000,
      proxyJump: [],
      ...changes,
    }),
    log: () => log,
    async stop() {
      if (sshd.exitCode !== null) return
      const ended = once(sshd, 'exit')
      sshd.kill()
      await ended
    },
  }
}

const covered = ['passwd', 'shadow', 'sudoers']

function addUsers(folder: string): void {
  for (const name of covered)
    writeFileSync(join(folder, name), readFileSync(`/etc/${name}`), { mode: 0o600 })
  // Without what this machine's root has in its .bashrc.
  const passwd = join(folder, 'passwd')
  writeFileSync(passwd, readFileSync(passwd, 'utf8').replace(/^(root:.*:).*$/m, '$1/bin/sh'))
  const hash = execFileSync('perl', ['-e', 'print crypt(<STDIN>, q($6$saltsalt$))'], {
    input: password,
  })
  for (const [index, user] of ['asks', 'free', 'never', 'gone'].entries()) {
    appendFileSync(passwd, `${user}:x:${4001 + index}:65534::/:/bin/sh\n`)
    appendFileSync(join(folder, 'shadow'), `${user}:${hash.toString()}:19000:0:99999:7:::\n`)
  }
  appendFileSync(join(folder, 'sudoers'), 'asks ALL=(ALL) ALL\nfree ALL=(ALL) NOPASSWD: ALL\n')
  execFileSync('chmod', ['644', passwd])
  execFileSync('chmod', ['440', join(folder, 'sudoers')])
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
