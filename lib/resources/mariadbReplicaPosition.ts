import { resourceType } from './define.js'
import { covers, formatGtids, parseGtids, sequenceIn } from './mariadb/gtid.js'
import { replicaStatusQuery } from './mariadb/replica-status.js'
import { rowsOf } from './mariadb/rows.js'
import { sqlText } from './mariadb/sql.js'
import { sqlStep } from './mariadb/client.js'
import { mariadbVolatile, staleMariadb } from './probes/mariadb.js'

export interface MariadbReplicaPositionOptions {
  /** A position that this server's data holds already. */
  readonly reached: string
}

/**
 * Sets gtid_slave_pos forward to what the server's data holds already, so that replication does not
 * ask a source for events which that may no longer have: after a source was filled from this server
 * its log begins at the copy. It never sets it back, and stops all connections if it has to move it;
 * mariadbReplication starts them.
 *
 * @see https://mariadb.com/kb/en/gtid/#gtid_slave_pos
 * @example
 * mariadbReplicaPosition({ reached: '1-1-40,2-2-7' })
 */
export const mariadbReplicaPosition = resourceType<MariadbReplicaPositionOptions>({
  name: 'mariadbReplicaPosition',
  title: ({ reached }) => reached,
  reads: () => [position],
  plan: (wish, ask) => {
    const from = rowsOf(ask(position), 'gtid_slave_pos')[0]?.['position'] ?? ''
    const now = parseGtids(from)
    const reached = parseGtids(wish.reached)
    if (covers(now, reached)) return { changes: [], steps: [] }
    const ahead = reached.filter(({ domain, sequence }) => sequence > sequenceIn(now, domain))
    const kept = now.filter(({ domain }) => !ahead.some((other) => other.domain === domain))
    const to = formatGtids([...kept, ...ahead].toSorted((a, b) => a.domain - b.domain))
    return {
      changes: [{ property: 'gtid_slave_pos', from, to }],
      steps: [sqlStep(['STOP ALL SLAVES', `SET GLOBAL gtid_slave_pos = ${sqlText(to)}`])],
      effects: staleMariadb(position, replicaStatusQuery),
    }
  },
})

const position = mariadbVolatile('SELECT @@GLOBAL.gtid_slave_pos AS position')
