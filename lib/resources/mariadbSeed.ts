import { HostwrightError } from '../core/errors.js'
import type { Secret } from '../core/secret.js'
import type { Change } from '../report/events.js'
import { resourceType } from './define.js'
import { covers, parseGtids } from './mariadb/gtid.js'
import { replicaStatusQuery } from './mariadb/replica-status.js'
import { rowsOf } from './mariadb/rows.js'
import { alreadySeeding, holdsData, seedScript } from './mariadb/seed-script.js'
import { seedingMark, userDatabases } from './mariadb/user-databases.js'
import { mariadbVolatile, staleServer } from './probes/mariadb.js'
import type { Ask, Plan } from './types.js'

export interface MariadbSeedOptions {
  /** Name or address of the server whose data is wanted. */
  readonly source: string
  /** @default 3306 */
  readonly port?: number
  /** An account of the source that may read everything; it is left out of the copy. */
  readonly user: string
  readonly password: Secret
  /** The source's gtid_binlog_pos when the copy was decided on. */
  readonly position: string
  /** Log in over TLS, with the authorities in this file. */
  readonly tlsCa?: string
  /** Throws away the databases that are here. @default false: a node that holds data is refused */
  readonly replace?: boolean
}

/**
 * Fills a blank server from another: all databases with routines, triggers and events, the accounts,
 * and the source's GTID position, from which replication can go on. The copy runs from server to
 * server, straight into the database. While it runs, and after it was broken off, the server is
 * marked: it is then still blank, and never taken for a source.
 *
 * Events that were active on the source are disabled here, and those that came from here are enabled
 * again, so that each runs on one node.
 *
 * @throws HostwrightError REPLICATION_DIVERGED where databases are here and `replace` is not true;
 *   TASK_FAILED where the copy fails
 * @example
 * mariadbSeed({ source: '10.0.0.2', user: 'copy', password, position: '1-1-40' })
 */
export const mariadbSeed = resourceType<MariadbSeedOptions>({
  name: 'mariadbSeed',
  title: ({ source, port = 3306 }) => `${source}:${port}`,
  reads: () => [userDatabases, binlogPosition, replicaStatusQuery],
  plan,
})

const binlogPosition = mariadbVolatile('SELECT @@gtid_binlog_pos AS position')

function plan(wish: MariadbSeedOptions, ask: Ask): Plan {
  const about = 'the state of the server'
  const names = rowsOf(ask(userDatabases), about).map((row) => row['name'] ?? '')
  const position = rowsOf(ask(binlogPosition), about)[0]?.['position'] ?? ''
  const connections = rowsOf(ask(replicaStatusQuery), about).map(
    (row) => row['Connection_name'] ?? '',
  )
  const marked = names.includes(seedingMark)
  const databases = names.filter((name) => name !== seedingMark)
  const source = `${wish.source}:${wish.port ?? 3306}`
  const reached = covers(parseGtids(position), parseGtids(wish.position))
  if (!wish.replace && !marked && reached && (wish.position !== '' || databases.length > 0))
    return { changes: [], steps: [] }
  const refusal = `Cannot copy the data of "${source}": databases ${databases.map((name) => `"${name}"`).join(', ')} are here`
  const hint = 'nothing is touched; to throw them away, say so with replace: true'
  if (databases.length > 0 && !marked && !wish.replace)
    throw new HostwrightError('REPLICATION_DIVERGED', refusal, { hint })
  const changes: Change[] = [
    { property: 'databases', from: databases.join(', ') || 'none', to: `copy of ${source}` },
    {
      property: 'gtid_binlog_pos',
      from: position || 'none',
      to: wish.position || `that of ${source}`,
    },
  ]
  return {
    changes,
    steps: [
      {
        script: seedScript({ connections, user: wish.user, replace: wish.replace === true }),
        input: Buffer.from(optionFile(wish)),
        errors: {
          [alreadySeeding]: {
            code: 'TASK_FAILED',
            message: `Cannot copy the data of "${source}": another copy is still running on this host`,
            hint: 'a run that was broken off may have left it; wait for its end and run again',
          },
          [holdsData]: {
            code: 'REPLICATION_DIVERGED',
            message: refusal.replace(/databases .* are/, 'databases are'),
            hint,
          },
        },
      },
    ],
    effects: { stale: staleServer },
  }
}

function optionFile({ source, port = 3306, user, password, tlsCa }: MariadbSeedOptions): string {
  const lines = [
    '[client]',
    'protocol=tcp',
    `host=${source}`,
    `port=${port}`,
    `user=${user}`,
    `password="${password.reveal().replaceAll(/["\\]/g, '\\$&')}"`,
    ...(tlsCa === undefined ? [] : [`ssl-ca=${tlsCa}`, 'ssl-verify-server-cert=1']),
  ]
  return `${lines.join('\n')}\n`
}
