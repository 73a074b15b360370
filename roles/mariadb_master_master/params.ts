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
  nodes: v.optional(
    v.pipe(
      v.array(name, 'is not a list of names'),
      v.minLength(2, 'names fewer than two nodes'),
      v.description(
        "Inventory names of all nodes, in the order of their numbers; without it the play's hosts",
      ),
    ),
  ),
  serverIds: v.optional(
    v.pipe(
      v.record(v.string(), whole(1, 65_535)),
      v.description(
        'Node number by inventory name, from 1: server_id, gtid_domain_id and auto_increment_offset; without it its place in nodes',
      ),
    ),
  ),
  plannedNodes: v.optional(
    v.pipe(
      whole(2, 65_535),
      v.description(
        'How many nodes the cluster may have one day: the step between generated keys; without it the number of nodes',
      ),
    ),
  ),
  replicationUser: v.optional(
    v.pipe(name, v.description('The account with which nodes log in to each other')),
    'replusr',
  ),
  replicationPassword: v.pipe(secretParam(), v.description('The password of that account')),
  mode: v.optional(
    v.pipe(
      v.picklist(['gtid', 'position'], 'is neither "gtid" nor "position"'),
      v.description('position follows by places in the log; two nodes only'),
    ),
    'gtid',
  ),
  bindAddress: v.optional(
    v.pipe(
      name,
      v.description(
        "Where the server listens; without it the inventory's address of the host (ansible_host)",
      ),
    ),
  ),
  port: v.optional(v.pipe(whole(1, 65_535), v.description('At which port it listens')), 3306),
  binlogExpireDays: v.optional(
    v.pipe(
      whole(1, 99),
      v.description('How long a node may be away before it has to be filled anew'),
    ),
    10,
  ),
  tls: v.optional(
    v.pipe(
      v.object({ ca: path, cert: path, key: path }),
      v.description('Files on the nodes; with it the replication account may log in over TLS only'),
    ),
  ),
  settings: v.optional(
    v.pipe(
      v.record(
        v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]*$/, 'is not a name of a variable')),
        v.union([v.string(), v.number(), v.boolean()], 'is neither text, number nor boolean'),
      ),
      v.description('More variables of the server, by name'),
    ),
    {},
  ),
  winner: v.optional(
    v.pipe(
      name,
      v.description(
        'The node whose data stays when data have diverged; the other nodes lose theirs',
      ),
    ),
  ),
})

export type Params = v.InferOutput<typeof params>
