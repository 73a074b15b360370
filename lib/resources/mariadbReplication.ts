import { createHash } from 'node:crypto'
import { HostwrightError } from '../core/errors.js'
import type { Secret } from '../core/secret.js'
import type { Change } from '../report/events.js'
import { resourceType } from './define.js'
import { sqlStep } from './mariadb/client.js'
import {
  replicaStatus,
  replicaStatusQuery,
  type Coordinates,
  type ReplicaStatus,
} from './mariadb/replica-status.js'
import { replicationFailure } from './mariadb/replication-failure.js'
import { rowsOf } from './mariadb/rows.js'
import { sqlText } from './mariadb/sql.js'
import { waitScript } from './mariadb/wait-script.js'
import { replicationPassword } from './probes/mariadb-password.js'
import { staleMariadb } from './probes/mariadb.js'
import type { Ask, Plan } from './types.js'

/** @see https://mariadb.com/kb/en/change-master-to/ */
export interface MariadbReplicationOptions {
  /** Name or address of the server to follow. */
  readonly source: string
  /** @default 3306 */
  readonly port?: number
  readonly user: string
  readonly password: Secret
  /** `gtid` follows from this server's own gtid_slave_pos; `position` from places in the source's log. @default 'gtid' */
  readonly mode?: 'gtid' | 'position'
  /** With `position`: where a new connection starts. One that exists goes on where it is. */
  readonly coordinates?: Coordinates
  /** Left out, the server decides. */
  readonly tls?: {
    /** The file on this host with the authorities of the source's certificate. */
    readonly ca?: string
    /** Whether the certificate must be right and name the source. @default true */
    readonly verify?: boolean
  }
  /** Its name, where a server follows several. @default the server's default connection */
  readonly connection?: string
}

/**
 * One replication connection: makes it, sets right what differs, starts what stands still and waits
 * until both threads run. It never skips an event and never touches data: what can't be applied is
 * an error.
 *
 * A wrong password shows by comparing digests with the server's own master.info, on the host, before
 * the next reconnection would fail; where that can't be read, by error 1045.
 *
 * @throws HostwrightError REPLICATION_DIVERGED where an event contradicts the data here or the
 *   source no longer has what follows; REPLICATION_BROKEN for anything else that stops a thread
 * @example
 * mariadbReplication({ source: '10.0.0.2', user: 'replusr', password })
 */
export const mariadbReplication = resourceType<MariadbReplicationOptions, ReplicaStatus>({
  name: 'mariadbReplication',
  title: ({ source, port = 3306, connection }) =>
    `${connection === undefined ? '' : `${connection}: `}${source}:${port}`,
  reads: (wish) => [replicaStatusQuery, password(wish)],
  plan,
  output: (wish, ask) => {
    const status = find(wish, ask)
    if (status && bothRun(status)) return status
    throw replicationFailure(status, `${wish.source}:${wish.port ?? 3306}`)
  },
})

/** A connection that ended is tried again after so many seconds; the server's 60 are long for a pair. */
const connectRetry = 10

const password = ({ connection = '' }: MariadbReplicationOptions) => replicationPassword(connection)

function digest(text: Secret): string {
  return createHash('sha256').update(text.reveal()).digest('hex')
}

function find({ connection = '' }: MariadbReplicationOptions, ask: Ask): ReplicaStatus | undefined {
  return rowsOf(ask(replicaStatusQuery), 'replication')
    .map(replicaStatus)
    .find((status) => status.connection.toLowerCase() === connection.toLowerCase())
}

function bothRun({ ioRunning, sqlRunning }: ReplicaStatus): boolean {
  return ioRunning === 'Yes' && sqlRunning === 'Yes'
}

function plan(wish: MariadbReplicationOptions, ask: Ask): Plan<ReplicaStatus> {
  const now = find(wish, ask)
  const name = sqlText(wish.connection ?? '')
  const from = `${wish.source}:${wish.port ?? 3306}`
  if (!now)
    return work(
      wish,
      [{ property: 'source', from: 'none', to: from }],
      [`CHANGE MASTER ${name} TO ${settings(wish, wish.coordinates)}`, `START SLAVE ${name}`],
    )
  const stored = ask(password(wish))
  const wrong =
    stored === null ? now.ioError?.code === accessDenied : stored !== digest(wish.password)
  const changes = differences(wish, now)
  if (wrong) changes.push({ property: 'password', from: '***', to: '***' })
  if (changes.length > 0)
    return work(wish, changes, [
      `STOP SLAVE ${name}`,
      `CHANGE MASTER ${name} TO ${settings(wish, now.applied)}`,
      `START SLAVE ${name}`,
    ])
  if (bothRun(now)) return { changes: [], steps: [], output: now }
  const threads = [
    { property: 'ioThread', from: now.ioRunning, to: 'Yes' },
    { property: 'sqlThread', from: now.sqlRunning, to: 'Yes' },
  ]
  return work(
    wish,
    threads.filter(({ from: is }) => is !== 'Yes'),
    [`STOP SLAVE ${name}`, `START SLAVE ${name}`],
  )
}

const accessDenied = 1045

function differences(wish: MariadbReplicationOptions, now: ReplicaStatus): Change[] {
  const { source, port = 3306, user, mode = 'gtid', tls } = wish
  const compare: [string, unknown, unknown][] = [
    ['source', now.host, source],
    ['port', now.port, port],
    ['user', now.user, user],
    ['mode', now.mode, mode],
    ['connectRetry', now.connectRetry, connectRetry],
  ]
  if (tls)
    compare.push(
      ['tls', now.tls, true],
      ['tls.ca', now.tlsCa, tls.ca ?? ''],
      ['tls.verify', now.tlsVerify, tls.verify ?? true],
    )
  return compare
    .filter(([, is, should]) => is !== should)
    .map(([property, is, should]) => ({ property, from: String(is), to: String(should) }))
}

function settings(wish: MariadbReplicationOptions, coordinates: Coordinates | undefined): string {
  const { source, port = 3306, user, mode = 'gtid', tls } = wish
  if (mode === 'position' && (coordinates === undefined || coordinates.file === ''))
    throw new HostwrightError(
      'PARAMETER_INVALID',
      `Cannot start replication from "${source}:${port}": no coordinates are given`,
      {
        hint: 'mode "position" needs coordinates: SHOW MASTER STATUS of the source, for a new connection',
      },
    )
  return [
    `MASTER_HOST=${sqlText(source)}`,
    `MASTER_PORT=${port}`,
    `MASTER_USER=${sqlText(user)}`,
    `MASTER_PASSWORD=${sqlText(wish.password.reveal())}`,
    `MASTER_CONNECT_RETRY=${connectRetry}`,
    ...(tls
      ? [
          'MASTER_SSL=1',
          `MASTER_SSL_CA=${sqlText(tls.ca ?? '')}`,
          `MASTER_SSL_VERIFY_SERVER_CERT=${(tls.verify ?? true) ? 1 : 0}`,
        ]
      : []),
    ...(mode === 'position' && coordinates
      ? [
          'MASTER_USE_GTID=no',
          `MASTER_LOG_FILE=${sqlText(coordinates.file)}`,
          `MASTER_LOG_POS=${coordinates.position}`,
        ]
      : ['MASTER_USE_GTID=slave_pos']),
  ].join(', ')
}

function work(
  wish: MariadbReplicationOptions,
  changes: readonly Change[],
  statements: readonly string[],
): Plan<ReplicaStatus> {
  return {
    changes,
    steps: [sqlStep(statements), { script: waitScript(wish.connection ?? '') }],
    effects: {
      stale: (query) => query.id === password(wish).id || staleMariadb().stale?.(query) === true,
    },
  }
}
