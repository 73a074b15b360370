import { createHmac } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cachedFile } from '../core/cached-file.js'
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
  return files.flatMap((file) => {
    const { plain, other } = linesOf(file)
    const found = other.filter(({ names }) => matches(names, name))
    return [...(plain.get(name) ?? []), ...found]
      .toSorted((a, b) => a.place.line - b.place.line)
      .map(({ names: _names, ...known }) => known)
  })
}

/** The name under which a host's key is stored: with the port where that is not 22. */
export function hostKeyName(address: string, port: number): string {
  const name = address.toLowerCase()
  return port === 22 ? name : `[${name}]:${port}`
}

/** The type that a key names itself by: its first string, after a length of four bytes. */
export function keyType(key: Buffer): string {
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0))
}

interface Line extends KnownKey {
  /** The hashed name, or the patterns. */
  readonly names: readonly string[]
  readonly place: Place & { readonly line: number }
}

interface Lines {
  /** By name, where a line has nothing but plain names. */
  readonly plain: ReadonlyMap<string, readonly Line[]>
  /** Those that have to be tried. */
  readonly other: readonly Line[]
}

const none: Lines = { plain: new Map(), other: [] }

function linesOf(file: string): Lines {
  if (!existsSync(file)) return none
  try {
    return parsed(file)
  } catch {
    return none
  }
}

const parsed = cachedFile((bytes, file): Lines => {
  const plain = new Map<string, Line[]>()
  const other: Line[] = []
  for (const [index, one] of bytes.toString().split('\n').entries()) {
    const found = parseLine(one)
    if (found === undefined) continue
    const line = { ...found, place: { file, line: index + 1 } }
    if (line.names.some((name) => /[|!*?]/.test(name))) other.push(line)
    else for (const name of new Set(line.names)) plain.set(name, [...(plain.get(name) ?? []), line])
  }
  return { plain, other }
})

function parseLine(text: string): Omit<Line, 'place'> | undefined {
  const words = text.trim().split(/[ \t]+/)
  const marker = words[0]?.startsWith('@') === true ? words.shift()?.slice(1) : undefined
  const [field, type, base64] = words
  if (field === undefined || field.startsWith('#') || type === undefined || base64 === undefined)
    return
  const key = Buffer.from(base64, 'base64')
  if (key.length < 8 || keyType(key) !== type) return
  const names = field.startsWith('|') ? [field] : field.toLowerCase().split(',')
  if (marker === undefined) return { names, type, key }
  return marker === 'revoked' || marker === 'cert-authority'
    ? { names, type, key, marker }
    : undefined
}

/** Whether a line is about the host. A negated pattern that fits outweighs all others. */
function matches(names: readonly string[], name: string): boolean {
  if (names[0]?.startsWith('|')) return matchesHash(names[0], name)
  const fits = (pattern: string): boolean =>
    /[*?]/.test(pattern) ? globToRegExp(pattern).test(name) : pattern === name
  if (names.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))) return false
  return names.some(fits)
}

/** `|1|salt|hash`, both in base64: HMAC-SHA1 of the name, keyed with the salt. */
function matchesHash(hashed: string, name: string): boolean {
  const [, version, salt, hash] = hashed.split('|')
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
