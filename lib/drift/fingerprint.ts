import { createHmac, type Hmac } from 'node:crypto'
import { Secret } from '../core/secret.js'

/** Hexadecimal digits: 64 bits tell the values of one task apart, and no secret can be got out of them. */
const digits = 16

/**
 * Gives what makes fingerprints: equal values have equal ones, whatever the order of their keys.
 * Secrets count with what they hold.
 *
 * @param salt keeps others from trying out what a fingerprint was made of
 */
export function fingerprinter(salt: Uint8Array): (value: unknown) => string {
  return (value) => {
    const hash = createHmac('sha256', salt)
    feed(hash, value)
    return hash.digest('hex').slice(0, digits)
  }
}

/** Every part begins with its kind and length, so that no two values read alike. */
function feed(hash: Hmac, value: unknown): void {
  if (value instanceof Secret) return feed(hash, value.reveal())
  if (value instanceof Uint8Array) return part(hash, 'bytes', value)
  if (Array.isArray(value)) return many(hash, 'list', value)
  if (value instanceof Set) return many(hash, 'set', [...value])
  if (value instanceof Map) return entries(hash, [...value])
  if (value === null || typeof value !== 'object' || value instanceof RegExp)
    return part(hash, typeof value, Buffer.from(String(value)))
  entries(hash, Object.entries(value))
}

function many(hash: Hmac, kind: string, values: readonly unknown[]): void {
  part(hash, kind, Buffer.from(String(values.length)))
  for (const value of values) feed(hash, value)
}

function entries(hash: Hmac, pairs: readonly (readonly [unknown, unknown])[]): void {
  const known = pairs
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [String(key), value] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  many(hash, 'entries', known.flat())
}

function part(hash: Hmac, kind: string, bytes: Uint8Array): void {
  hash.update(`${kind} ${bytes.length}\0`)
  hash.update(bytes)
}
