import { HostwrightError } from '../core/errors.js'
import type { Reply } from './types.js'
import type { End } from './wire.js'

/** The connection ended, or the shell on the host did. */
export function connectionLost(host: string, { reason }: End, stderr?: Buffer): HostwrightError {
  const message = `Cannot go on with "${host}": the connection is lost (${reason})`
  return new HostwrightError('CONNECTION_LOST', message, {
    host,
    stderr: stderr?.toString(),
    hint: 'Look whether the host is up and reachable, then run again',
  })
}

/** The script was ended because it took too long; what it had printed goes along. */
export function commandTimeout(
  host: string,
  timeout: number,
  output: Pick<Reply, 'stdout' | 'stderr'>,
): HostwrightError {
  const message = `Cannot run a command on "${host}": it did not end within ${timeout / 1000} s`
  const last = output.stdout.toString().trimEnd().split('\n').at(-1)
  return new HostwrightError('COMMAND_TIMEOUT', message, {
    host,
    exitCode: 124,
    stderr: output.stderr.toString(),
    hint: last ? `Its output ended with: ${last}` : 'It had printed nothing on standard output',
  })
}
