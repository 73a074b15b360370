import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { setImmediate as immediate } from 'node:timers/promises'
import type { Client } from 'ssh2'
import { HostwrightError } from '../core/errors.js'
import { gatherCredentials } from './credentials.js'
import { hostKeyAlgorithms, knownHostKeys, refuseHostKey } from './host-key.js'
import { loadNodeSsh } from './load-ssh.js'
import type { ConnectionSettings } from './types.js'

/** A logged-in ssh connection. */
export interface SshLine {
  readonly client: Client
  readonly alive: boolean
  /** Settles with the reason when the connection has ended. */
  readonly ended: Promise<string>
  /** Closes the connection; that the host does so too would take a round trip to know. */
  close(): void
}

/** Milliseconds between signs of life, and how many may stay without an answer. */
const keepalive = { keepaliveInterval: 10_000, keepaliveCountMax: 3 }
/** Milliseconds for logging in, once the host has shown its key; a host may delay refusals. */
const loginTimeout = 60_000

const closedEarly = 'it has closed the connection before the login was done'

/**
 * Connects and logs in.
 *
 * @param through - the stream from a jump host; left out to open a connection
 * @throws HostwrightError HOST_UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, AUTHENTICATION_FAILED
 */
export async function dial(settings: ConnectionSettings, through?: Duplex): Promise<SshLine> {
  const { address: host, port } = settings
  const socket = through ? undefined : connect({ host, port, noDelay: true })
  let broken: Error | undefined
  socket?.on('error', (error) => (broken ??= error))
  // All hosts of a play are called before the first loads ssh2, which lets nothing else happen.
  await immediate()
  const credentials = await gatherCredentials(settings).catch((error: unknown) => {
    socket?.destroy()
    throw error
  })
  if (socket?.destroyed) throw unreachable(settings, broken?.message ?? closedEarly, broken)
  const { NodeSSH } = loadNodeSsh()
  const ssh = new NodeSSH()
  const keys = knownHostKeys(settings)
  let refusal: HostwrightError | undefined
  let reason: string | undefined

  const ready = ssh.connect({
    sock: through ?? socket!,
    username: settings.user,
    readyTimeout: 0,
    ...keepalive,
    algorithms: { serverHostKey: hostKeyAlgorithms(keys) },
    hostVerifier: (key: Buffer) => (refusal = refuseHostKey(settings, keys, key)) === undefined,
    authHandler: credentials.handler,
  })
  // node-ssh has made its client by now, and listens for errors only until it is ready.
  const client = ssh.connection!
  passOverHostKeys(client)
  const giveUp = (what: string): void => {
    reason = what
    client.destroy()
  }
  const ms = settings.connectTimeout
  let timer = setTimeout(() => giveUp(`no answer within ${ms / 1000} s`), ms)
  const ended = new Promise<string>((resolve) => {
    client.on('close', () => resolve(reason ?? 'closed by the host'))
  })
  client.on('error', (error) => (reason ??= error.message))
  client.once('handshake', () => {
    clearTimeout(timer)
    timer = setTimeout(() => giveUp(`no login within ${loginTimeout / 1000} s`), loginTimeout)
  })
  try {
    await ready
  } catch (error) {
    client.destroy()
    // A client that has said goodbye leaves that to the other side.
    socket?.destroy()
    if (refusal !== undefined) throw refusal
    const level = (error as { level?: string }).level
    // sshd ends a login that has tried too much with a word; one that breaks off is none.
    if (level === 'client-authentication' || /authentication/i.test(reason ?? ''))
      throw credentials.failure(error)
    if (reason === undefined) throw unreachable(settings, closedEarly)
    throw unreachable(settings, reason, error)
  } finally {
    clearTimeout(timer)
  }
  let alive = true
  void ended.then(() => (alive = false))
  return {
    client,
    ended,
    get alive() {
      return alive
    },
    close() {
      client.end()
      socket?.destroySoon()
      // Of a host that takes nothing any more.
      setTimeout(() => socket?.destroy(), 1000).unref()
    },
  }
}

/** What ssh2 does with messages, inside. */
interface Handlers {
  GLOBAL_REQUEST?: (protocol: unknown, name: string, ...rest: unknown[]) => void
}

/**
 * After a login sshd names all its keys, and ssh2 has it sign with each of them, for an event that nobody
 * here listens to: a round trip and some of the dearest work of a login. ssh2 has no option against that.
 */
function passOverHostKeys(client: Client): void {
  const { _protocol: protocol = {} } = client as { _protocol?: { _handlers?: Handlers } }
  const { _handlers: handlers } = protocol
  const answer = handlers?.GLOBAL_REQUEST
  if (!handlers || !answer) return
  handlers.GLOBAL_REQUEST = (sender, name, ...rest) => {
    if (name !== 'hostkeys-00@openssh.com') answer(sender, name, ...rest)
  }
}

/** The error for a host that cannot be reached, with what came back. */
export function unreachable(
  { name, address, port }: ConnectionSettings,
  what: string,
  cause?: unknown,
): HostwrightError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  const [text, hint] = said[code] ?? [
    what,
    `Check that sshd runs there and that nothing lies between`,
  ]
  return new HostwrightError(
    'HOST_UNREACHABLE',
    `Cannot reach "${name}" at ${address}:${port}: ${text}`,
    { host: name, hint, cause },
  )
}

/** What system errors mean, and what to do. */
const said: Readonly<Record<string, readonly [text: string, hint: string]>> = {
  ECONNREFUSED: ['connection refused', 'Check that sshd runs there and listens on this port'],
  EHOSTUNREACH: ['no route to the host', 'Check the address, and that the host is up'],
  ENETUNREACH: ['no route to the network', 'Check the address and the routes of this machine'],
  ETIMEDOUT: ['no answer', 'Check the address, the firewall, and that the host is up'],
  ECONNRESET: ['connection reset', 'Check the log of sshd there; it may refuse this address'],
  ENOTFOUND: ['the name does not resolve', 'Set ansible_host to the address or fix the name'],
  EAI_AGAIN: ['the name cannot be resolved now', 'Set ansible_host or check the name server'],
}
