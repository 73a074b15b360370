import { HostwrightError, resourceType, type Host, type Ask } from '../../lib/index.js'
import { content, Unknown } from '../../lib/internal.js'
import { nodeNumber } from './facts.js'
import type { Node } from './nodes.js'

/** Reads the number that a node was given before from the role's own option file, and changes nothing. */
const ownNumber = resourceType<{ readonly path: string }, number | null>({
  name: 'ownNumber',
  title: ({ path }) => `in ${path}`,
  reads: ({ path }) => [content(path)],
  plan: (wish, ask) => ({ changes: [], steps: [], output: numberIn(wish.path, ask) }),
  output: ({ path }, ask) => numberIn(path, ask),
})

/** In check mode a package that is still to come may bring the file: then there is none yet. */
function numberIn(path: string, ask: Ask): number | null {
  const text = ask.maybe(content(path))
  if (text instanceof Unknown) return null
  const [, number] = /^server_id = (\d+)$/m.exec(String(text ?? '')) ?? []
  return number === undefined ? null : Number(number)
}

/**
 * Has all nodes stop, before any of them is touched, where one would get another number than it has.
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
 * A node that comes or goes before the last in the list moves the numbers of those after it. What one
 * then writes under a number that another has had would be taken for that one's transactions.
 */
export function refuseRenumbering(
  nodes: readonly Node[],
  present: ReadonlyMap<string, number | null>,
): void {
  for (const { name, id } of nodes) {
    const number = present.get(name) ?? id
    if (number === id) continue
    const kept = nodes
      .flatMap((node) =>
        present.get(node.name) == null ? [] : [`${node.name}: ${present.get(node.name)}`],
      )
      .join(', ')
    throw new HostwrightError(
      'PARAMETER_INVALID',
      `Cannot make "${name}" number ${id} of the cluster: it is number ${number}`,
      {
        hint: `nothing is touched; put new names last in nodes, or name every node's number in serverIds: those that there are keep theirs (${kept}), new ones get others; a number above the count of nodes needs plannedNodes too`,
      },
    )
  }
}
