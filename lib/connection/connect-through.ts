import type { Duplex } from 'node:stream'
import { dial, unreachable } from './dial.js'
import type { SshLine } from './dial.js'
import { jumpSettings } from './jump-settings.js'
import type { ConnectionSettings } from './types.js'

/**
 * Connects to a host through its jump hosts. Each of them checks its own host key.
 *
 * @returns the connections, the host's last
 * @throws HostwrightError as {@link dial}, for the host or a jump host
 */
export async function connectThrough(settings: ConnectionSettings): Promise<readonly SshLine[]> {
  const stops = [...jumpHosts(settings), settings]
  const lines: SshLine[] = []
  let through: Duplex | undefined
  try {
    for (const stop of stops) {
      const before = lines.at(-1)
      if (before !== undefined) through = await forward(before, stop)
      lines.push(await dial(stop, through))
    }
  } catch (error) {
    for (const line of lines.toReversed()) line.close()
    throw error
  }
  return lines
}

/**
 * The jump hosts in the order in which they are passed. The first may itself be reached through others,
 * as ~/.ssh/config says; the rest are reached through the one before.
 */
function jumpHosts(settings: ConnectionSettings, depth = 0): readonly ConnectionSettings[] {
  const jumps = settings.proxyJump.map((jump) => jumpSettings(jump, settings))
  const [first] = jumps
  if (first === undefined) return []
  if (depth > deepest)
    throw unreachable(settings, 'its jump hosts lead back to one another in ~/.ssh/config')
  return [...jumpHosts(first, depth + 1), ...jumps]
}

/** More jump hosts behind one another than this are a circle. */
const deepest = 8

/** A stream from the jump host to the next stop. */
function forward({ client }: SshLine, to: ConnectionSettings): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut('127.0.0.1', 0, to.address, to.port, (error, stream) => {
      if (error) reject(unreachable(to, `the jump host cannot connect (${error.message})`, error))
      else resolve(stream)
    })
  })
}
