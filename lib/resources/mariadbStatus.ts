import { resourceType } from './define.js'
import {
  replicaStatus,
  replicaStatusSql,
  type Coordinates,
  type ReplicaStatus,
} from './mariadb/replica-status.js'
import { rowsOf } from './mariadb/rows.js'
import { seedingMark, userDatabasesSql } from './mariadb/user-databases.js'
import { mariadbVolatile, mariadbWait, type MariadbAnswer } from './probes/mariadb.js'
import type { Ask, Query } from './types.js'

/** Where a server stands in its cluster. Plain data, so that it can be a fact. */
export interface MariadbStatus {
  readonly version: string
  readonly serverId: number
  readonly domainId: number
  /** The last GTID per domain in its own log. */
  readonly binlogPosition: string
  /** The last GTID per domain and server in its own log. */
  readonly binlogState: string
  /** The last GTID per domain that replication has applied. */
  readonly replicaPosition: string
  /** SHOW MASTER STATUS; null without a binary log, or where it moved while it was read. */
  readonly masterStatus: Coordinates | null
  /** The databases that are not the server's own. */
  readonly databases: readonly string[]
  /** True while data of another server is being loaded here, and after that was broken off. */
  readonly seeding: boolean
  readonly replicas: readonly ReplicaStatus[]
}

export interface MariadbStatusOptions {
  /** Asks the server when this is reached, whatever it has said before in this run. @default false */
  readonly again?: boolean
}

/**
 * Reads where a server stands; it changes nothing.
 *
 * @example
 * const { output } = await host.ensure(mariadbStatus({}))
 * output.databases // ['acme2certifier']
 */
export const mariadbStatus = resourceType<MariadbStatusOptions, MariadbStatus>({
  name: 'mariadbStatus',
  title: () => 'of the server',
  reads: (wish) => Object.values(questionsOf(wish)),
  plan: (wish, ask) => ({ changes: [], steps: [], output: read(wish, ask) }),
  output: (wish, ask) => read(wish, ask),
})

function questionsOf({ again }: MariadbStatusOptions) {
  const question = (sql: string): Query<MariadbAnswer> =>
    again === true ? mariadbWait(`${sql} /* again */`) : mariadbVolatile(sql)
  return {
    // Asked before and after the GTIDs: only where both agree do coordinates and GTIDs mean the same.
    before: question('SHOW MASTER STATUS /* before */'),
    state: question(
      `SELECT @@version AS version, @@server_id AS serverId, @@gtid_domain_id AS domainId,
   @@gtid_binlog_pos AS binlogPosition, @@gtid_binlog_state AS binlogState, @@gtid_slave_pos AS replicaPosition`,
    ),
    after: question('SHOW MASTER STATUS /* after */'),
    databases: question(userDatabasesSql),
    replicas: question(replicaStatusSql),
  }
}

function read(wish: MariadbStatusOptions, ask: Ask): MariadbStatus {
  const { before, state, after, databases, replicas } = questionsOf(wish)
  const about = 'the state of the server'
  const now = rowsOf(ask(state), about)[0] ?? {}
  const names = rowsOf(ask(databases), about).map((row) => row['name'] ?? '')
  const [first, last] = [before, after].map((query) => rowsOf(ask(query), about)[0])
  const still = first?.['File'] === last?.['File'] && first?.['Position'] === last?.['Position']
  return {
    version: now['version'] ?? '',
    serverId: Number(now['serverId']),
    domainId: Number(now['domainId']),
    binlogPosition: now['binlogPosition'] ?? '',
    binlogState: now['binlogState'] ?? '',
    replicaPosition: now['replicaPosition'] ?? '',
    masterStatus:
      first && still ? { file: first['File'] ?? '', position: Number(first['Position']) } : null,
    databases: names.filter((name) => name !== seedingMark),
    seeding: names.includes(seedingMark),
    replicas: rowsOf(ask(replicas), about).map(replicaStatus),
  }
}
