import { HostwrightError, resourceType, type Host } from '../../lib/index.js'
import { content } from '../../lib/resources/probes/content.js'
import { nodeNumber } from './facts.js'
import type { Node } from './nodes.js'

/** Reads the number that a node was given before from the role's own option file, and changes nothing. */
const ownNumber = resourceType<{ readonly path: string }, number | null>({
  name: 'ownNumber',
  title: ({ path }) => `in ${path}`,
  reads: ({ path }) => [content(path)],
  plan({ path }, ask) {
    const [, number] = /^server_id = (\d+)$/m.exec(String(ask(content(path)) ?? '')) ?? []
    return { changes: [], steps: [], output: number === undefined ? null : Number(number) }
  },
})

/**
 * Has all nodes stop, before any of them is touched, where one has a number that would be another's now.
 *
 * @throws HostwrightError PARAMETER_INVALID
 */
export async function keepNumbers(
  host: Host,
  nodes: readonly Node[],
  optionFile: string,
): Promise<void> {
  const { output } = await host.ensure(ownNumber({ path: optionFile }))
  await host.publish(nodeNumber, output)
  const present = new Map<string, number | null>([[host.name, output]])
  for (const { name } of nodes)
    if (name !== host.name) present.set(name, await host.peer(name).fact(nodeNumber))
  refuseRenumbering(nodes, present)
}

/**
 * A node that comes or goes before the last in the list moves the numbers of those after it. The GTIDs
 * that one has written would be taken for another's.
 */
export function refuseRenumbering(
  nodes: readonly Node[],
  present: ReadonlyMap<string, number | null>,
): void {
  for (const node of nodes) {
    const number = present.get(node.name)
    const other = nodes.find(({ id, name }) => id === number && name !== node.name)
    if (!other) continue
    const kept = nodes
      .flatMap(({ name }) => (present.get(name) == null ? [] : [`${name}: ${present.get(name)}`]))
      .join(', ')
    throw new HostwrightError(
      'PARAMETER_INVALID',
      `Cannot make "${other.name}" number ${number} of the cluster: "${node.name}" has that number, and would be ${node.id}`,
      {
        hint: `nothing is touched; put new names last in nodes, or give all nodes numbers in serverIds, of which these are taken: ${kept} (with a number above the count of nodes, plannedNodes too)`,
      },
    )
  }
}
