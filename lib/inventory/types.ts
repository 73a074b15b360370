import type { Place } from '../core/place.js'

export type Vars = Readonly<Record<string, unknown>>

/** A host with its variables merged in Ansible's order of precedence. */
export interface InventoryHost {
  readonly name: string
  /** All its groups, ancestors included, `all` left out, in order of precedence (the last wins). */
  readonly groups: readonly string[]
  /** Values that came out of a vault are of type Secret<string>. */
  readonly vars: Vars
  /** Where a variable's winning value was written. */
  origin(variable: string): Place | undefined
}

export interface Inventory {
  readonly hosts: ReadonlyMap<string, InventoryHost>
  /** Group name to the names of all its hosts, descendants' included; `all` and `ungrouped` too. */
  readonly groups: ReadonlyMap<string, readonly string[]>
  /**
   * The hosts that a pattern names, in inventory order.
   * @throws HostwrightError INVENTORY_INVALID for a pattern that names no group or host
   */
  select(pattern: string): readonly InventoryHost[]
}

/** What a TypeScript inventory gives: the same three things as a YAML inventory. */
export interface InventoryData {
  readonly hosts?: Readonly<Record<string, Vars>>
  readonly groups?: Readonly<
    Record<
      string,
      {
        readonly hosts?: readonly string[] | Readonly<Record<string, Vars>>
        readonly children?: readonly string[]
        readonly vars?: Vars
      }
    >
  >
}

/** The default export of a TypeScript inventory: the data, or something that gets it when asked. */
export type InventorySource = InventoryData | { load(): InventoryData | Promise<InventoryData> }
