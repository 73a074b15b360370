import type { Tree } from './tree.js'

/**
 * The groups of every host and their ancestors, without `all`, in the order of precedence: by depth,
 * priority and name; the last wins.
 */
export function groupsByHost(tree: Tree): (host: string) => readonly string[] {
  const depth = depths(tree)
  const priority = (name: string) => tree.groups.get(name)?.priority ?? 1
  const order = (a: string, b: string) =>
    (depth.get(a) ?? 0) - (depth.get(b) ?? 0) || priority(a) - priority(b) || (a < b ? -1 : 1)
  const parents = new Map<string, string[]>()
  const direct = new Map<string, string[]>()
  for (const { name, children, hosts } of tree.groups.values()) {
    for (const child of children) append(parents, child, name)
    for (const host of hosts) append(direct, host, name)
  }
  return (host) => {
    const names = new Set(direct.get(host))
    for (const name of names) for (const parent of parents.get(name) ?? []) names.add(parent)
    names.delete('all')
    return [...names].toSorted(order)
  }
}

function append(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}

/** The longest way from a group without a parent, for every group. */
function depths(tree: Tree): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  const visit = (name: string, depth: number): void => {
    if ((found.get(name) ?? -1) >= depth) return
    found.set(name, depth)
    for (const child of tree.groups.get(name)?.children ?? []) visit(child, depth + 1)
  }
  for (const name of tree.groups.keys()) visit(name, 0)
  return found
}
