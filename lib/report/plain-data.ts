import { Secret } from '../core/secret.js'

/**
 * A value as JSON can hold it, so that it can be searched for secrets and written. A map becomes an
 * object, a set a list, bytes and functions what they are in words; a circle is cut.
 */
export function plainData(value: unknown, parents: readonly unknown[] = []): unknown {
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  if (typeof value === 'function') return '(function)'
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Secret) return String(value)
  if (parents.includes(value)) return '(circular)'
  const inner = (item: unknown) => plainData(item, [...parents, value])
  if (value instanceof Uint8Array) return `(${value.byteLength} bytes)`
  if (value instanceof Error) return value.message
  if (Array.isArray(value)) return value.map(inner)
  if (value instanceof Set) return [...value].map(inner)
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return inner(toJSON.call(value))
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return Object.fromEntries(entries.map(([key, item]) => [String(key), inner(item)]))
}
