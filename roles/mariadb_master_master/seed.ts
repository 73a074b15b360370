import { randomBytes } from 'node:crypto'
import {
  mariadbReplication,
  mariadbSeed,
  mariadbStatus,
  mariadbUser,
  secret,
  type Host,
  type MariadbStatus,
} from '../../lib/index.js'
import { sqlText } from '../../lib/internal.js'
import { seeded, seedPassword } from './facts.js'
import type { Judged } from './judge.js'
import type { Params } from './params.js'
import { connectionTo, sourceOf } from './replicate.js'

/** One node that is to be filled from another. */
export interface Seeding {
  readonly replica: string
  readonly source: string
  /** Whether its own databases are thrown away. */
  readonly replace: boolean
}

/** An account on the source that lives as long as the copy. */
export const seedAccount = 'hostwright_seed'

/** What a copy reads: data, routines, accounts and the place in the log. */
const readEverything = {
  '*.*': [
    'SELECT',
    'RELOAD',
    'LOCK TABLES',
    'SHOW VIEW',
    'TRIGGER',
    'EVENT',
    'PROCESS',
    'SHOW DATABASES',
    'BINLOG MONITOR',
  ],
}

/** The cluster as it is once blank nodes are filled. */
export interface Cluster {
  readonly own: Judged
  readonly peers: readonly Judged[]
}

/**
 * This node's part in filling blank nodes: as source it opens itself and waits, as replica it copies,
 * as bystander it waits.
 */
export async function seedNodes(
  host: Host,
  wish: Params,
  seedings: readonly Seeding[],
  own: Judged,
  peers: readonly Judged[],
): Promise<Cluster> {
  if (seedings.length === 0) return { own, peers }
  const replicas = seedings.filter(({ source }) => source === host.name)
  if (replicas.length > 0) await open(host, wish, replicas, own, peers)
  const filled = new Map<string, MariadbStatus>()
  try {
    for (const seeding of seedings) {
      if (seeding.replica === host.name) await fill(host, wish, seeding, own, peers)
      else if (!host.check)
        filled.set(seeding.replica, await host.peer(seeding.replica).fact(seeded))
    }
  } finally {
    // Also where a copy has failed: the account can read everything.
    if (replicas.length > 0)
      await host.ensure(
        mariadbUser({ name: seedAccount, host: '%', state: 'absent', binlog: false }),
      )
  }
  const { output: status } = await host.ensure(mariadbStatus({}))
  return {
    own: { ...own, status },
    peers: peers.map((peer) => ({ ...peer, status: filled.get(peer.name) ?? peer.status })),
  }
}

async function open(
  host: Host,
  wish: Params,
  replicas: readonly Seeding[],
  own: Judged,
  peers: readonly Judged[],
): Promise<void> {
  const password = secret(randomBytes(24).toString('hex'))
  await host.ensure(
    mariadbUser({
      name: seedAccount,
      host: '%',
      password,
      privileges: readEverything,
      requireSsl: wish.tls !== undefined,
      binlog: false,
    }),
  )
  if (host.check) return
  const stops = replicas.flatMap(({ replica }) => {
    const name = connectionTo(peers, replica)
    return own.status.replicas.some(({ connection }) => connection === name)
      ? [`STOP SLAVE ${sqlText(name)};`]
      : []
  })
  // A node that has never logged anything gets a transaction, so that copies of it can be told.
  const first = own.status.binlogPosition === '' ? ['FLUSH HOSTS;'] : []
  const statements = [...stops, ...first].join('\n')
  if (statements !== '')
    await host.$({ input: statements })`"$(command -v mariadb || command -v mysql)" --batch`
  await host.publish(seedPassword, password)
}

async function fill(
  host: Host,
  wish: Params,
  seeding: Seeding,
  own: Judged,
  peers: readonly Judged[],
): Promise<void> {
  const source = peers.find(({ name }) => name === seeding.source)
  if (!source) throw new RangeError(`${seeding.source} is no peer of ${own.name}`)
  const password = host.check ? secret('') : await host.peer(source.name).fact(seedPassword)
  await host.ensure(
    mariadbSeed({
      source: source.address,
      port: source.port,
      user: seedAccount,
      password,
      position: source.status.binlogPosition,
      replace: seeding.replace,
      ...(wish.tls && { tlsCa: wish.tls.ca }),
    }),
  )
  if (host.check) return
  // It follows its source before the others follow it: what they ask for is then there.
  await host.ensure(mariadbReplication(sourceOf(wish, source, connectionTo(peers, source.name))))
  const { output } = await host.ensure(mariadbStatus({}))
  await host.publish(seeded, output)
}
