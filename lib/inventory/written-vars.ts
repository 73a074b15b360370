import { Reference } from './reference.js'
import type { Variable } from './tree.js'
import type { Vars } from './types.js'

/** Variables with the text of each reference in its place. */
export function writtenVars(variables: ReadonlyMap<string, Variable>): Vars {
  return Object.fromEntries([...variables].map(([name, { value }]) => [name, written(value)]))
}

function written(value: unknown): unknown {
  if (value instanceof Reference) return value.text
  if (Array.isArray(value)) return value.map(written)
  if (
    typeof value !== 'object' ||
    value === null ||
    Object.getPrototypeOf(value) !== Object.prototype
  )
    return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, written(item)]))
}
