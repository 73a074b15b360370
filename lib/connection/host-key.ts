import { HostwrightError } from '../core/errors.js'
import { keyFingerprint } from '../core/key-fingerprint.js'
import { formatPlace } from '../core/place.js'
import { quote } from '../core/quote.js'
import { hostKeyName, keyType, knownKeys } from './known-hosts.js'
import type { KnownKey } from './known-hosts.js'
import type { ConnectionSettings } from './types.js'

/** Signature algorithms for host keys, the best first; RSA with SHA-1 is not among them. */
const algorithms = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const

export type HostKeyAlgorithm = (typeof algorithms)[number]

/**
 * The algorithms in the order in which they are offered: those first whose keys are known for the host,
 * so that it shows a key that can be checked.
 */
export function hostKeyAlgorithms(keys: readonly KnownKey[]): HostKeyAlgorithm[] {
  const types = new Set(trusted(keys).map(({ type }) => type))
  const rank = (name: HostKeyAlgorithm): number =>
    types.has(name.startsWith('rsa-') ? 'ssh-rsa' : name) ? 0 : 1
  return algorithms.toSorted((a, b) => rank(a) - rank(b))
}

/**
 * Checks the key that a host shows. A revoked key is refused even where host keys are not checked.
 *
 * @param lines - what {@link knownHostKeys} gives
 * @returns why the key is refused: HOST_KEY_UNKNOWN, or HOST_KEY_CHANGED where another key of this type
 *   is known, or this one is revoked
 */
export function refuseHostKey(
  settings: ConnectionSettings,
  lines: readonly KnownKey[],
  key: Buffer,
): HostwrightError | undefined {
  const same = lines.filter((line) => line.key.equals(key))
  const revoked = same.find((line) => line.marker === 'revoked')
  if (revoked !== undefined) return changed(settings, key, revoked)
  if (!settings.hostKeyChecking || trusted(same).length > 0) return undefined
  // As ssh does: a key stored without the port is as good, where it is the same key.
  const plain = knownHostKeys({ ...settings, port: 22 })
  if (trusted(plain).some((line) => line.key.equals(key))) return undefined
  const other = trusted(lines).find((line) => line.type === keyType(key))
  return other === undefined ? unknown(settings, key, lines) : changed(settings, key, other)
}

/** What is known about the keys of a host. */
export function knownHostKeys({
  knownHostsFiles,
  address,
  port,
}: ConnectionSettings): readonly KnownKey[] {
  return knownKeys(knownHostsFiles, hostKeyName(address, port))
}

function trusted(lines: readonly KnownKey[]): readonly KnownKey[] {
  return lines.filter((line) => line.marker === undefined)
}

function changed(settings: ConnectionSettings, key: Buffer, line: KnownKey): HostwrightError {
  const where = formatPlace(line.place)
  const what = line.marker === 'revoked' ? `is revoked in ${where}` : `is not the one in ${where}`
  const name = quote(hostKeyName(settings.address, settings.port))
  return new HostwrightError('HOST_KEY_CHANGED', `${refusal(settings, key)} ${what}`, {
    host: settings.name,
    place: line.place,
    hint:
      line.marker === 'revoked'
        ? 'Do not log in there; give the host a new key'
        : 'Somebody may be listening in. If the host has been installed anew, take the old key out with ' +
          `ssh-keygen -f ${quote(line.place.file)} -R ${name}`,
  })
}

function unknown(
  settings: ConnectionSettings,
  key: Buffer,
  lines: readonly KnownKey[],
): HostwrightError {
  const { name, address, port, knownHostsFiles, proxyJump } = settings
  const [file] = knownHostsFiles
  const others = [
    ...trusted(lines).map(({ type, place }) => `${formatPlace(place)} has one of type ${type}`),
    ...lines
      .filter(({ marker }) => marker === 'cert-authority')
      .map(({ place }) => `${formatPlace(place)} trusts an authority, which is not supported`),
  ]
  const what = [`is in none of ${knownHostsFiles.join(', ') || 'no file'}`, ...others].join('; ')
  const entry = `${hostKeyName(address, port)} ${keyType(key)} ${key.toString('base64')}`
  const command =
    proxyJump.length === 0 ? `ssh-keyscan -p ${port} ${quote(address)}` : `echo ${quote(entry)}`
  return new HostwrightError('HOST_KEY_UNKNOWN', `${refusal(settings, key)} ${what}`, {
    host: name,
    hint:
      file === undefined
        ? 'Name a known_hosts file with ansible_ssh_common_args: -o UserKnownHostsFile=FILE'
        : 'Compare the fingerprint with the one that ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub shows on ' +
          `the host itself; then accept it with: ${command} >> ${quote(file)}`,
  })
}

function refusal({ name, address, port }: ConnectionSettings, key: Buffer): string {
  return `Cannot trust "${name}" at ${address}:${port}: its ${keyType(key)} host key ${keyFingerprint(key)}`
}

/** Whether some key is known for the host, so that a run need not ask it before it begins. */
export function hasKnownKey(settings: ConnectionSettings): boolean {
  const { kind, hostKeyChecking } = settings
  if (kind === 'local' || !hostKeyChecking) return true
  const isKnown = (at: ConnectionSettings) => trusted(knownHostKeys(at)).length > 0
  return isKnown(settings) || isKnown({ ...settings, port: 22 })
}
