import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../../lib/index.js'
import { statusFile } from './paths.js'

/** What one check has shown. */
export interface LsyncdCheck {
  readonly check: string
  readonly host: string
  readonly seconds: number
  /** What is wrong; left out where nothing is. */
  readonly problem?: string
}

export interface VerifyLsyncdOptions {
  /** @default '/opt/acme2certifier/volume' */
  readonly folder?: string
  /** Inventory names of the nodes to arrive at. @default the play's other hosts */
  readonly peers?: readonly string[]
  /** Milliseconds that a change may take to arrive. @default 20_000 */
  readonly timeout?: number
}

/**
 * Shows that a host's lsyncd does its work: a file that is created, renamed and deleted here is so on
 * every peer, with owner and mode; then nothing waits to be sent. The file is removed again whatever
 * happens. A check that fails throws nothing: it tells its problem.
 *
 * @throws HostwrightError where a host cannot be reached
 * @example
 * const checks = await verifyLsyncdPeer(host)
 * checks.filter(({ problem }) => problem !== undefined)
 */
export async function verifyLsyncdPeer(
  host: Host,
  options: VerifyLsyncdOptions = {},
): Promise<readonly LsyncdCheck[]> {
  const { folder = '/opt/acme2certifier/volume', timeout = 20_000 } = options
  const names = options.peers ?? host.hosts.filter((name) => name !== host.name)
  const peers = names.map((name) => host.delegateTo(name))
  const first = `${folder}/lsyncd-check-${host.name}-${randomBytes(4).toString('hex')}`
  const second = `${first}-renamed`
  const arrives = async (what: string, change: () => Promise<unknown>, test: Test) => {
    const problem = await attempt(change)
    return await Promise.all(
      peers.map(async (peer) =>
        problem === undefined
          ? await until(`${what} arrives at ${peer.name}`, host.name, timeout, () => test(peer))
          : { check: `${what} arrives at ${peer.name}`, host: host.name, seconds: 0, problem },
      ),
    )
  }
  try {
    return [
      ...(await arrives(
        'a new file with owner and mode',
        () =>
          host.$`echo ${host.name} >${first} && chown daemon:daemon ${first} && chmod 0640 ${first}`,
        (peer) => looks(peer, first, 'daemon:daemon 640'),
      )),
      ...(await arrives(
        'a renamed file',
        () => host.$`mv ${first} ${second}`,
        async (peer) =>
          (await looks(peer, first, '')) ?? (await looks(peer, second, 'daemon:daemon 640')),
      )),
      ...(await arrives(
        'a deleted file',
        () => host.$`rm ${second}`,
        (peer) => looks(peer, second, ''),
      )),
      await until('nothing waits to be sent', host.name, timeout, () => queueLength(host)),
    ]
  } finally {
    await Promise.all(
      [host, ...peers].map((one) => one.$({ nothrow: true })`rm -f ${first} ${second}`),
    )
  }
}

/** Gives what is wrong, as long as something is. */
type Test = (host: Host) => Promise<string | undefined>

async function until(
  check: string,
  host: string,
  timeout: number,
  test: () => Promise<string | undefined>,
): Promise<LsyncdCheck> {
  const started = performance.now()
  for (;;) {
    const problem = await test()
    const elapsed = performance.now() - started
    const seconds = Math.round(elapsed / 100) / 10
    if (problem === undefined) return { check, host, seconds }
    if (elapsed > timeout)
      return { check, host, seconds, problem: `${problem} after ${timeout / 1000} s` }
    await sleep(250)
  }
}

async function attempt(change: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await change()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function looks(host: Host, path: string, wanted: string): Promise<string | undefined> {
  const { stdout } = await host.$({ readOnly: true, nothrow: true })`stat -c '%U:%G %a' ${path}`
  const found = stdout.trim()
  if (found === wanted) return undefined
  const is = found === '' ? 'is not there' : `is ${found}`
  return wanted === '' ? `${path} is still there` : `${path} ${is}`
}

async function queueLength(host: Host): Promise<string | undefined> {
  const { stdout } = await host.$({ readOnly: true, nothrow: true })`cat ${statusFile}`
  const lengths = [...stdout.matchAll(/^There are (\d+) delays/gm)].map(([, count]) =>
    Number(count),
  )
  if (lengths.length === 0) return `${statusFile} tells nothing`
  const waiting = lengths.reduce((sum, one) => sum + one, 0)
  return waiting === 0 ? undefined : `${waiting} changes wait to be sent`
}
