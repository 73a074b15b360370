import { resolve } from 'node:path'
import { groupsByHost } from './groups-by-host.js'
import { readInventoryData } from './module-inventory.js'
import { readSource } from './read-source.js'
import { localNames, selectHosts } from './select-hosts.js'
import { sourceReader } from './source-reader.js'
import { hostsOf, newTree, settleTree, type Tree } from './tree.js'
import type { Inventory, InventoryData, InventoryHost, Vars } from './types.js'
import { inventoryHost, resolveHost, type HostContext, type ResolvedHost } from './resolve-host.js'
import { varsFiles } from './vars-files.js'
import { writtenVars } from './written-vars.js'

/** What to read, and what wins over it. */
export interface LoadOptions {
  /** Files, directories and lists of hosts with a comma; where several set a variable, the last wins. */
  readonly sources: readonly string[]
  /** What a program has itself, a lab for example; it counts as the first source. @default nothing */
  readonly data?: InventoryData | undefined
  /** Wins over everything. */
  readonly extraVars?: Vars | undefined
  /** Whose group_vars and host_vars are read too, and win over the inventory's. */
  readonly playbookFolder?: string | undefined
  /** Asked once, and only where there is a vault. */
  readonly vaultPassword?: (() => Promise<string>) | undefined
}

/** An inventory that knows how its groups are written. */
export interface LoadedInventory extends Inventory {
  /** The hosts and children that are written in each group itself. */
  readonly tree: ReadonlyMap<
    string,
    { readonly hosts: readonly string[]; readonly children: readonly string[] }
  >
  /** The variables of a host, with references as they are written. */
  written(host: string): Vars
}

/**
 * Reads an inventory as Ansible does: sources, group_vars and host_vars, merged in its order of
 * precedence. Where Ansible warns and goes on, this is an error.
 *
 * @example
 * const inventory = await loadInventory({ sources: ['web1,web2,web3'] })
 * inventory.select('all:!web3').map(({ name }) => name) // ['web1', 'web2']
 * @see ansible-core 2.14, inventory/manager.py and vars/manager.py
 * @throws HostwrightError INVENTORY_INVALID, VARIABLE_INVALID, VAULT_INVALID, with file and line
 */
export async function loadInventory(options: LoadOptions): Promise<LoadedInventory> {
  const reader = sourceReader(options.vaultPassword)
  const tree = newTree()
  const folders: string[] = []
  if (options.data !== undefined) readInventoryData(options.data, 'inventory', tree)
  for (const source of options.sources) {
    const folder = await readSource(source, reader, tree)
    if (folder !== undefined) folders.push(folder)
  }
  settleTree(tree)
  const context: HostContext = {
    tree,
    groupsOf: groupsByHost(tree),
    folders,
    playbookFolder:
      options.playbookFolder === undefined ? undefined : resolve(options.playbookFolder),
    extraVars: options.extraVars ?? {},
    varsFiles: varsFiles(reader),
  }
  const resolved = new Map<string, ResolvedHost>()
  for (const name of hostsOf(tree, 'all')) resolved.set(name, await resolveHost(name, context))
  const implicit = new Map<string, ResolvedHost>()
  for (const name of localNames)
    if (!resolved.has(name)) implicit.set(name, await resolveHost(name, context))
  return inventoryOf(tree, resolved, implicit)
}

function inventoryOf(
  tree: Tree,
  resolved: ReadonlyMap<string, ResolvedHost>,
  implicit: ReadonlyMap<string, ResolvedHost>,
): LoadedInventory {
  const groups = new Map([...tree.groups.keys()].map((name) => [name, hostsOf(tree, name)]))
  const hosts = new Map([...resolved].map(([name, host]) => [name, inventoryHost(host)]))
  const names = [...hosts.keys()]
  // Most inventories have variables in group_vars/all that the controller needs nothing of.
  const implicitHost = (name: string): readonly InventoryHost[] => {
    const host = implicit.get(name)
    return host === undefined ? [] : [inventoryHost(host)]
  }
  return {
    hosts,
    groups,
    written: (name) => writtenVars(resolved.get(name)?.variables ?? new Map()),
    tree: new Map(
      [...tree.groups].map(([name, group]) => [
        name,
        { hosts: [...group.hosts], children: [...group.children] },
      ]),
    ),
    select: (pattern) =>
      selectHosts(pattern, { hosts: names, groups }).flatMap(
        (name) => hosts.get(name) ?? implicitHost(name),
      ),
  }
}
