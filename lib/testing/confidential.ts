import { redact } from '../core/secret.js'
import type { Query } from '../resources/types.js'
import type { Stat } from '../resources/probes/index.js'

/** What is a secret by its look: private keys, passwords as crypt(3) and as MariaDB keep them. */
const looks = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\$(?:[1-9][a-z]?|y|gy)\$[\w./$=,+]{12,}/,
  /\*[0-9A-F]{40}\b/,
]
/** Digests of passwords, which can be tried out. */
const digests = new Set(['mariadb-password'])

/**
 * Why something must not stand in a file that is kept beside tests.
 *
 * @param texts what it would say there
 */
export function confidential(texts: readonly string[]): string | undefined {
  if (texts.some((text) => redact(text) !== text)) return 'it holds a secret'
  if (texts.some((text) => looks.some((look) => look.test(text))))
    return 'it looks like a private key or a password'
  return undefined
}

/** The same of an answer, before its value is looked at. */
export function confidentialAnswer(
  query: Query,
  statOf: (path: string) => Stat,
): string | undefined {
  const { kind, key } = query
  if (digests.has(kind.name) || /password|authentication_string/i.test(String(sqlOf(key))))
    return 'it tells of a password'
  if (!isContent(query)) return undefined
  const at = statOf(key as string)
  const isOpen =
    at.type === 'absent' || (at.type === 'file' && (parseInt(at.mode, 8) & 0o004) !== 0)
  return isOpen ? undefined : 'not everyone on the host may read the file'
}

/** Whether it asks for what is in a file, or for a digest of that. */
export function isContent({ kind }: Query): boolean {
  return ['content', 'sha256'].includes(kind.name)
}

function sqlOf(key: unknown): unknown {
  return key !== null && typeof key === 'object' && 'sql' in key ? key.sql : ''
}
