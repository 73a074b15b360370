import { HostwrightError } from '../core/errors.js'
import { resourceType } from './define.js'
import { replicaStatus, replicaStatusSql } from './mariadb/replica-status.js'
import { hasDiverged, replicationFailure } from './mariadb/replication-failure.js'
import { rowsOf } from './mariadb/rows.js'
import { sqlText } from './mariadb/sql.js'
import { mariadbWait } from './probes/mariadb.js'

export interface MariadbGtidWaitOptions {
  /** A GTID position of the source, for example `1-1-40`. Domains that this server writes itself are to be left out. */
  readonly position: string
  /** Milliseconds. @default 10_000 */
  readonly timeout?: number
}

/**
 * Waits until replication has applied everything up to a position. It changes nothing.
 *
 * @throws HostwrightError REPLICATION_BROKEN where it does not get there in time;
 *   REPLICATION_DIVERGED where an event contradicts the data here
 * @see https://mariadb.com/kb/en/master_gtid_wait/
 * @example
 * mariadbGtidWait({ position: '1-1-40', timeout: 30_000 })
 */
export const mariadbGtidWait = resourceType<MariadbGtidWaitOptions>({
  name: 'mariadbGtidWait',
  title: ({ position }) => position,
  reads: (wish) => [reached(wish), statusAfter(wish)],
  plan: (wish, ask) => {
    const [row] = rowsOf(ask(reached(wish)), 'gtid_slave_pos')
    const stopped = rowsOf(ask(statusAfter(wish)), 'replication')
      .map(replicaStatus)
      .find(hasDiverged)
    if (stopped) throw replicationFailure(stopped, `${stopped.host}:${stopped.port}`)
    if (row?.['reached'] !== '0')
      throw new HostwrightError(
        'REPLICATION_BROKEN',
        `Cannot reach GTID position "${wish.position}": gtid_slave_pos is still "${row?.['position'] ?? ''}"`,
        { hint: 'replication is slow or stands still: see SHOW ALL SLAVES STATUS' },
      )
    return { changes: [], steps: [] }
  },
})

/** What replication has met while it was waited for; what was asked before that may be from before it. */
const statusAfter = ({ position }: MariadbGtidWaitOptions) =>
  mariadbWait(`${replicaStatusSql} /* after the wait for ${position.replaceAll(/[^\d,-]/g, '')} */`)

/** Waits only where something applies events: before replication is set up the answer is no at once. */
const reached = ({ position, timeout = 10_000 }: MariadbGtidWaitOptions) =>
  mariadbWait(
    `SELECT MASTER_GTID_WAIT(${sqlText(position)}, IF((SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS
     WHERE VARIABLE_NAME = 'SLAVES_RUNNING') > 0, ${timeout / 1000}, 0)) AS reached, @@GLOBAL.gtid_slave_pos AS position`,
  )
