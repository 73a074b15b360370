import { HostwrightError, resourceType } from '../../lib/index.js'
import { content } from '../../lib/resources/probes/content.js'
import type { Node } from './nodes.js'

export interface NumberKeptOptions {
  /** The role's own option file. */
  readonly path: string
  readonly node: Node
  readonly nodes: readonly Node[]
}

/**
 * Refuses to give a node a number where the one that it has is another node's now: the GTIDs that it
 * has written would be taken for the other's. That is what a node that comes or goes before the last
 * in the list would do.
 */
export const numberKept = resourceType<NumberKeptOptions>({
  name: 'numberKept',
  title: ({ node }) => `server_id ${node.id}`,
  reads: ({ path }) => [content(path)],
  plan({ path, node, nodes }, ask) {
    const [, number] = /^server_id = (\d+)$/m.exec(String(ask(content(path)) ?? '')) ?? []
    const other = nodes.find(({ id, name }) => String(id) === number && name !== node.name)
    if (other)
      throw new HostwrightError(
        'PARAMETER_INVALID',
        `Cannot make "${node.name}" number ${node.id} of the cluster: it is number ${number}, which "${other.name}" would be now`,
        {
          hint: `numbers stay with their nodes: put new names last in nodes, or set serverIds (server_id in ${path} of each node tells the present ones)`,
        },
      )
    return { changes: [], steps: [] }
  },
})
