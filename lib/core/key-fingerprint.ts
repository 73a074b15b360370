import { createHash } from 'node:crypto'

/**
 * An SSH key's fingerprint as `ssh-keygen -l` and sshd's log show it.
 *
 * @param blob the key as it goes over the wire
 * @example
 * keyFingerprint(Buffer.from('test')) // 'SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg'
 */
export function keyFingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}
