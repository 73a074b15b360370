import * as v from 'valibot'
import { secretParam } from '../../lib/index.js'

const name = v.pipe(v.string('is not a name'), v.nonEmpty('is empty'))
const path = v.pipe(v.string('is not a path'), v.startsWith('/', 'is not an absolute path'))
const whole = (least: number, most: number) =>
  v.pipe(
    v.number('is not a number'),
    v.integer('is not a whole number'),
    v.minValue(least, `is less than ${least}`),
    v.maxValue(most, `is more than ${most}`),
  )

export const params = v.object({
  /** Inventory names of all nodes, in the order of their numbers. @default the play's hosts */
  nodes: v.optional(
    v.pipe(v.array(name, 'is not a list of names'), v.minLength(2, 'names fewer than two nodes')),
  ),
  /** Node number by inventory name, from 1: server_id, gtid_domain_id and auto_increment_offset. @default place in `nodes` */
  serverIds: v.optional(v.record(v.string(), whole(1, 65_535))),
  /** How many nodes the cluster may have one day: the step between generated keys. @default the number of nodes */
  plannedNodes: v.optional(whole(2, 65_535)),
  replicationUser: v.optional(name, 'replusr'),
  replicationPassword: secretParam(),
  mode: v.optional(v.picklist(['gtid', 'position'], 'is neither "gtid" nor "position"'), 'gtid'),
  /** Where the server listens. @default the inventory's address of the host (ansible_host) */
  bindAddress: v.optional(name),
  port: v.optional(whole(1, 65_535), 3306),
  /** How long a node may be away before it has to be filled anew. */
  binlogExpireDays: v.optional(whole(1, 99), 10),
  /** Files on the nodes. With it the replication account may log in over TLS only. */
  tls: v.optional(v.object({ ca: path, cert: path, key: path })),
  /** More variables of the server. */
  settings: v.optional(
    v.record(
      v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]*$/, 'is not a name of a variable')),
      v.union([v.string(), v.number(), v.boolean()], 'is neither text, number nor boolean'),
    ),
    {},
  ),
  /** The node whose data stays when data have diverged; the other nodes lose theirs. */
  winner: v.optional(name),
})

export type Params = v.InferOutput<typeof params>
