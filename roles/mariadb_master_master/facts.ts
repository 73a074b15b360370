import { fact, type MariadbStatus, type Secret } from '../../lib/index.js'
import type { Verdict } from './judge.js'

/** A node's state and where it is reached. */
export interface NodeState {
  readonly address: string
  readonly port: number
  readonly status: MariadbStatus
}

/** The number that a node has from before; null where it is new. */
export const nodeNumber = fact<number | null>('mariadb_master_master.number')

/** What every node tells about itself once it is configured. */
export const nodeState = fact<NodeState>('mariadb_master_master.state')

/** What a node says of its own data, compared with the others'. */
export const nodeVerdict = fact<Verdict>('mariadb_master_master.verdict')

/** With what a blank node may read its source. */
export const seedPassword = fact<Secret>('mariadb_master_master.seed_password')

/** The state of a node that was blank and has its data again. */
export const seeded = fact<MariadbStatus>('mariadb_master_master.seeded')
