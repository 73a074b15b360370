import { HostwrightError } from '../core/errors.js'
import type { Place } from '../core/place.js'
import type { Path } from './yaml-places.js'

/** A value, and where it and the values inside it are written. */
export interface Variable {
  readonly value: unknown
  place(path: Path): Place | undefined
}

export interface Group {
  readonly name: string
  /** Hosts that are named in the group itself. */
  readonly hosts: Set<string>
  readonly children: Set<string>
  readonly vars: Map<string, Variable>
  /** ansible_group_priority: among groups of the same depth the higher wins. */
  priority: number
}

/** Groups and hosts while the sources are read. */
export interface Tree {
  readonly groups: Map<string, Group>
  /** The variables that are written beside each host. */
  readonly hosts: Map<string, Map<string, Variable>>
}

/** A tree with the two groups that every inventory has. */
export function newTree(): Tree {
  const tree: Tree = { groups: new Map(), hosts: new Map() }
  addGroup(tree, 'all')
  addGroup(tree, 'ungrouped')
  addChild(tree, 'all', 'ungrouped', undefined)
  return tree
}

export function addGroup(tree: Tree, name: string): Group {
  const known = tree.groups.get(name)
  if (known !== undefined) return known
  const group: Group = { name, hosts: new Set(), children: new Set(), vars: new Map(), priority: 1 }
  tree.groups.set(name, group)
  return group
}

/**
 * Adds a host to a group.
 * @throws HostwrightError INVENTORY_INVALID for a port that the host's first mention did not have,
 *   which Ansible drops without a word
 */
export function addHost(
  tree: Tree,
  groupName: string,
  name: string,
  port: number | undefined,
  place: Place,
): void {
  const known = tree.hosts.get(name)
  const vars = known ?? new Map<string, Variable>()
  if (known === undefined) tree.hosts.set(name, vars)
  if (port !== undefined && vars.get('ansible_port')?.value !== port) {
    if (known !== undefined)
      throw new HostwrightError(
        'INVENTORY_INVALID',
        `Cannot use port "${port}" of host "${name}": the host was named before without it`,
        {
          place,
          hint: 'Set ansible_port once, as a variable of the host',
        },
      )
    vars.set('ansible_port', { value: port, place: () => place })
  }
  addGroup(tree, groupName).hosts.add(name)
}

/**
 * Makes one group the child of another.
 * @throws HostwrightError INVENTORY_INVALID for a circle
 */
export function addChild(
  tree: Tree,
  parent: string,
  child: string,
  place: Place | undefined,
): void {
  const way = wayBetween(tree, child, parent)
  if (way !== undefined || child === 'all')
    throw new HostwrightError(
      'INVENTORY_INVALID',
      `Cannot make group "${child}" a child of "${parent}": the groups would form a circle`,
      {
        place,
        hint:
          way === undefined
            ? 'The group all has no parent'
            : `The circle is ${[...way, child].join(' > ')}`,
      },
    )
  addGroup(tree, parent).children.add(addGroup(tree, child).name)
}

/**
 * Sets a variable that is written with a group.
 * @throws HostwrightError VARIABLE_INVALID for a priority that is no whole number
 */
export function setGroupVariable(group: Group, name: string, variable: Variable): void {
  if (name !== 'ansible_group_priority') {
    group.vars.set(name, variable)
    return
  }
  const priority = Number(variable.value)
  if (!Number.isInteger(priority))
    throw new HostwrightError(
      'VARIABLE_INVALID',
      `Cannot use the priority of group "${group.name}": it is not a whole number`,
      {
        place: variable.place([]),
      },
    )
  group.priority = priority
}

/** What Ansible does when all is read: groups without a parent belong to `all`, hosts without a group to `ungrouped`. */
export function settleTree(tree: Tree): void {
  const children = new Set([...tree.groups.values()].flatMap((group) => [...group.children]))
  for (const name of tree.groups.keys())
    if (name !== 'all' && !children.has(name)) addChild(tree, 'all', name, undefined)
  const ungrouped = addGroup(tree, 'ungrouped')
  const grouped = new Set<string>()
  for (const group of tree.groups.values())
    if (group.name !== 'all' && group !== ungrouped)
      for (const host of group.hosts) grouped.add(host)
  for (const host of tree.hosts.keys()) {
    if (grouped.has(host)) ungrouped.hosts.delete(host)
    else ungrouped.hosts.add(host)
  }
}

/** All hosts of a group, those of its children after its own, level by level. */
export function hostsOf(tree: Tree, name: string): string[] {
  const levels = new Set([name])
  for (const group of levels)
    for (const child of tree.groups.get(group)?.children ?? []) levels.add(child)
  return [...new Set([...levels].flatMap((group) => [...(tree.groups.get(group)?.hosts ?? [])]))]
}

/** The groups from one down to another, undefined where there is no way. */
function wayBetween(tree: Tree, from: string, to: string): string[] | undefined {
  if (from === to) return [from]
  for (const child of tree.groups.get(from)?.children ?? []) {
    const rest = wayBetween(tree, child, to)
    if (rest !== undefined) return [from, ...rest]
  }
  return undefined
}
