import { posix } from 'node:path'
import { redact } from '../core/secret.js'
import type { Query } from '../resources/types.js'
import type { Stat } from '../resources/probes/index.js'

/** What is a secret by its look: private keys, and passwords as programs keep them. */
const looks = [
  /-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----/,
  /\bAGE-SECRET-KEY-1|^PuTTY-User-Key-File-\d/m,
  // crypt(3), htpasswd and the password hashing competition's form.
  /\$(?:\d[a-z]?|y|gy|apr1|md5|sha1|scrypt|argon2(?:id|[id])|pbkdf2[\w-]*)[$,][\w./$=,+-]{12,}/,
  // Django.
  /\b(?:pbkdf2_\w+|scrypt|sha1|md5)\$[\w./+=-]*\$\S{12,}/,
  // LDAP, and PostgreSQL.
  /\{(?:S?SHA\d*|S?MD5|CRYPT|PBKDF2[\w-]*)\}[\w./$+=-]{8,}/i,
  /\bSCRAM-SHA-\d+\$\d+:/,
  // MariaDB: by itself, in statements and in mysql.global_priv.
  /\*[0-9A-F]{40}\b/,
  /\bIDENTIFIED\b.*\b(?:PASSWORD|USING|AS|BY)\s*'(?!invalid')[^']/i,
  /authentication_string\\?"\s*:\s*\\?"(?!invalid\\?")[^"\\]/i,
]
/** Private keys that are no text, by their first bytes. */
const keys = [
  // DER: PKCS #1, #8 and #12 and SEC 1 begin with a version, as certificates do not.
  /^30(?:[0-7].|81..|82.{4}|83.{6})0201(?:00|01|03)/,
  // PKCS #8 with a passphrase.
  /^30(?:[0-7].|81..|82.{4}|83.{6})30(?:[0-7].|81..|82.{4})06..2a864886f70d01(?:05|0c01)/,
  // Java's key stores.
  /^(?:feedfeed|cececece)/,
]
/** Digests of passwords, which can be tried out. */
const digests = new Set(['mariadb-password'])

/**
 * Why something must not stand in a file that is kept beside tests.
 *
 * @param parts what it would say there
 */
export function confidential(parts: readonly (string | Uint8Array)[]): string | undefined {
  const texts = parts.map((part) =>
    typeof part === 'string' ? part : Buffer.from(part).toString(),
  )
  if (texts.some((text) => redact(text) !== text)) return 'it holds a secret'
  if (texts.some((text) => looks.some((look) => look.test(text))) || parts.some(isKey))
    return 'it looks like a private key or a password'
  return undefined
}

function isKey(part: string | Uint8Array): boolean {
  if (typeof part === 'string') return false
  const first = Buffer.from(part).toString('hex', 0, 32)
  return keys.some((key) => key.test(first))
}

/** The same of an answer, before its value is looked at. */
export function confidentialAnswer(
  { kind, key }: Query,
  statOf: (path: string) => Stat | undefined,
): string | undefined {
  const { name } = kind
  if (digests.has(name)) return 'it tells of a password'
  if (name === 'shell') return confidentialScript(key as string)
  if (/password/i.test(sqlOf(key))) return 'it tells of a password'
  return isContent(name) ? notForEveryone(key as string, statOf) : confidentialScript(sqlOf(key))
}

/** The same of what a program prints, by what it is told to do: its output is looked at besides. */
export function confidentialScript(script: string): string | undefined {
  return /\bg?shadow\b|\bauthentication_string\b|\bglobal_priv\b|\bmysql\.user\b/i.test(script)
    ? 'it tells of a password'
    : undefined
}

/** Whether a kind of question asks for what is in a file, or for a digest of that. */
export function isContent(kind: string): boolean {
  return ['content', 'sha256'].includes(kind)
}

/** A path, and the folders that it leads through. */
export function wayTo(path: string): readonly string[] {
  const above = posix.dirname(path)
  return above === path ? [path] : [path, ...wayTo(above)]
}

function notForEveryone(
  path: string,
  statOf: (path: string) => Stat | undefined,
): string | undefined {
  for (const [index, at] of wayTo(path).map(statOf).entries()) {
    // A symlink's target lies on a way of its own.
    if (at?.type !== (index === 0 ? 'file' : 'directory'))
      return 'whether everyone on the host may read the file is not known'
    if ((parseInt(at.mode, 8) & (index === 0 ? 0o4 : 0o1)) === 0)
      return 'not everyone on the host may read the file'
  }
  return undefined
}

function sqlOf(key: unknown): string {
  return key !== null && typeof key === 'object' && 'sql' in key ? String(key.sql) : ''
}
