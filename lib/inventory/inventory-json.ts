import { Secret, redactDeep } from '../core/secret.js'
import type { LoadedInventory } from './load-inventory.js'
import type { InventoryHost, Vars } from './types.js'

export interface JsonOptions {
  /** Shows secrets in connection variables, those that start with `ansible_`. @default false */
  readonly revealConnection?: boolean
}

/**
 * The inventory in the shape of `ansible-inventory --list`: `_meta.hostvars`, `all.children`, and the
 * hosts and children of every group that has any. Secrets are `***`. References stay as they are
 * written, but where secrets of the connection are shown, since what these refer to is not.
 *
 * @see ansible-core 2.14, cli/inventory.py
 */
export function inventoryToJson(inventory: LoadedInventory, options: JsonOptions = {}): unknown {
  const groups = [...inventory.tree].flatMap(([name, { hosts, children }]) => {
    const group = {
      ...(name !== 'all' && hosts.length > 0 && { hosts }),
      ...(children.length > 0 && { children }),
    }
    return Object.keys(group).length > 0 ? [[name, group] as const] : []
  })
  const hostvars = [...inventory.hosts.values()]
    .filter((host) => Object.keys(host.vars).length > 0)
    .map((host) => [host.name, hostToJson(inventory, host, options)] as const)
  return { _meta: { hostvars: Object.fromEntries(hostvars) }, ...Object.fromEntries(groups) }
}

/** The variables of a host as {@link inventoryToJson} shows them. */
export function hostToJson(
  inventory: LoadedInventory,
  { name: host, vars }: InventoryHost,
  options: JsonOptions = {},
): Vars {
  return Object.fromEntries(
    Object.entries(inventory.written(host)).map(([name, value]) => [
      name,
      options.revealConnection === true && name.startsWith('ansible_')
        ? reveal(vars[name])
        : redactDeep(value),
    ]),
  )
}

function reveal(value: unknown): unknown {
  if (value instanceof Secret) return reveal(value.reveal())
  if (Array.isArray(value)) return value.map(reveal)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, reveal(item)]))
}
