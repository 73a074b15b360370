import type { DriftRecord } from '../drift/types.js'

/** What was checked: the playbook, and of which inventory, where the record says it. */
export function driftTitle(record: DriftRecord): string {
  const inventory = inventoryName(record)
  return inventory === '' ? record.playbook : `${record.playbook} (${inventory})`
}

/** What was given with `-i`, as one text. */
export function inventoryName({ inventory = [] }: DriftRecord): string {
  return inventory.join(', ')
}
