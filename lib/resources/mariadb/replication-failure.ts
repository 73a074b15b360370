import { HostwrightError } from '../../core/errors.js'
import type { ReplicaStatus } from './replica-status.js'

/**
 * Errors that say that the two servers' data contradict each other, or that the source no longer has
 * what comes next: starting again never helps.
 */
const divergence = new Set([
  1007, 1008, 1032, 1050, 1051, 1054, 1062, 1091, 1146, 1236, 1396, 1451, 1452, 1677, 1950, 1951,
])

/** Whether a connection has stopped because data contradict each other. */
export function hasDiverged({ ioError, sqlError }: ReplicaStatus): boolean {
  return [ioError, sqlError].some((error) => error !== undefined && divergence.has(error.code))
}

/** Why a connection does not run, as an error. */
export function replicationFailure(
  status: ReplicaStatus | undefined,
  source: string,
): HostwrightError {
  const action = `Cannot replicate from "${source}"`
  if (!status) return new HostwrightError('REPLICATION_BROKEN', `${action}: the connection is gone`)
  const error = status.sqlError ?? status.ioError
  if (!error)
    return new HostwrightError(
      'REPLICATION_BROKEN',
      `${action}: IO thread is ${status.ioRunning}, SQL thread is ${status.sqlRunning}`,
      { hint: 'see SHOW ALL SLAVES STATUS on the host, and its log: journalctl -u mariadb' },
    )
  const diverged = hasDiverged(status)
  const thread = status.sqlError ? 'SQL' : 'IO'
  return new HostwrightError(
    diverged ? 'REPLICATION_DIVERGED' : 'REPLICATION_BROKEN',
    `${action}: ${thread} thread stopped with error ${error.code}: ${withoutPasswords(error.message)}`,
    {
      hint: diverged
        ? divergedHint
        : (hints[error.code] ?? 'see the log of MariaDB: journalctl -u mariadb'),
    },
  )
}

/** The server quotes the statement that failed as it was written. */
function withoutPasswords(text: string): string {
  return text.replaceAll(/\b(IDENTIFIED BY|PASSWORD)(\s*\(?\s*)'[^']*'?/gi, "$1$2'***'")
}

const divergedHint =
  'the data of both servers are untouched; compare them, make them agree by hand and run again, or say which server wins'

const hints: Readonly<Record<number, string>> = {
  1045: 'the source does not accept user and password from this address: see the account on the source',
  1130: 'the source does not let this address in: see the host of the account on the source',
  1593: 'both servers have the same server_id: give each its own',
  2002: 'no server answers there: see that it runs, its bind_address, and the firewall between',
  2003: 'no server answers there: see that it runs, its bind_address, and the firewall between',
  2005: 'the name of the source is not known on this host',
  2013: 'the connection ended: see the firewall between and the log of the source',
}
