import type { Judged } from './judge.js'

/** What a user can do where nodes' data contradict each other. */
export const divergedHint =
  'no data was thrown away on any node; compare them, then either make them agree by hand or name the node whose data stay in mariadb_master_master.winner: the others lose theirs'

/** Where the nodes stand. */
export function positions(nodes: readonly Judged[]): string {
  return nodes
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map(({ name, status }) => `"${name}" is at "${status.binlogPosition}"`)
    .join(', ')
}
