import { createHash, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Place } from '../core/place.js'

/** One line of a known_hosts file that concerns a host. */
export interface KnownKey {
  readonly type: string
  /** The key as it goes over the wire. */
  readonly key: Buffer
  /** `@cert-authority` lines trust who signed a key. Hosts' certificates are not supported. */
  readonly marker?: 'revoked' | 'cert-authority'
  readonly place: Place
}

/**
 * The lines of known_hosts files for a host, in the order of the files. Names may be plain, hashed,
 * patterns with `*` and `?`, or negated. Lines that cannot be read, and files that do not exist, are
 * passed over as ssh does.
 *
 * @see sshd(8), SSH_KNOWN_HOSTS FILE FORMAT
 * @param name - as {@link hostKeyName} gives it
 */
export function knownKeys(files: readonly string[], name: string): readonly KnownKey[] {
  return files.flatMap((file) =>
    readLines(file).flatMap((text, index) => {
      const known = parseLine(text, name)
      return known === undefined ? [] : [{ ...known, place: { file, line: index + 1 } }]
    }),
  )
}

/** The name under which a host's key is stored: with the port where that is not 22. */
export function hostKeyName(address: string, port: number): string {
  const name = address.toLowerCase()
  return port === 22 ? name : `[${name}]:${port}`
}

/** A key's fingerprint as ssh shows it, `SHA256:…`. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** The type that a key names itself by: its first string, after a length of four bytes. */
export function keyType(key: Buffer): string {
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0))
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}

function parseLine(text: string, name: string): Omit<KnownKey, 'place'> | undefined {
  const words = text.trim().split(/[ \t]+/)
  const marker = words[0]?.startsWith('@') === true ? words.shift()?.slice(1) : undefined
  const [names, type, base64] = words
  if (names === undefined || names.startsWith('#') || type === undefined || base64 === undefined)
    return
  if (!matches(names, name)) return
  const key = Buffer.from(base64, 'base64')
  if (key.length < 8 || keyType(key) !== type) return
  if (marker === undefined) return { type, key }
  return marker === 'revoked' || marker === 'cert-authority' ? { type, key, marker } : undefined
}

/** Whether a line's first field names the host. A negated pattern that fits outweighs all others. */
function matches(names: string, name: string): boolean {
  if (names.startsWith('|')) return matchesHash(names, name)
  const patterns = names.toLowerCase().split(',')
  // Most are plain names, and there are as many lines as a fleet has hosts, for each host.
  const fits = (pattern: string): boolean =>
    /[*?]/.test(pattern) ? globToRegExp(pattern).test(name) : pattern === name
  if (patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))) return false
  return patterns.some(fits)
}

/** `|1|salt|hash`, both in base64: HMAC-SHA1 of the name, keyed with the salt. */
function matchesHash(names: string, name: string): boolean {
  const [, version, salt, hash] = names.split('|')
  if (version !== '1' || salt === undefined) return false
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}

function globToRegExp(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`)
}
