import { HostwrightError } from '../core/errors.js'
import type { Place } from '../core/place.js'
import { Secret } from '../core/secret.js'
import { parseReference, Reference } from './reference.js'
import { decryptVault } from './vault.js'
import type { Path, YamlPlaces } from './yaml-places.js'
import { Unsafe, VaultText } from './yaml-schema.js'

/** The key of a JSON object that stands for a vault value. */
export const jsonVaultKey = '__ansible_vault'

interface Refinement {
  readonly places: Pick<YamlPlaces, 'place'>
  /** Needed where the value holds a vault. */
  readonly password: string | undefined
  /** Whether the whole text came out of a vault: every string is a secret then. */
  readonly vaulted: boolean
}

/**
 * Makes plain data of what the YAML schema gives: vaults become secrets, a text that is one reference a
 * {@link Reference}, and any other Jinja, which would be taken literally, is refused.
 */
export function refineValue(
  value: unknown,
  refinement: Refinement,
  path: Path = [],
  literal = false,
): unknown {
  if (value instanceof VaultText) return decrypt(value, refinement, path)
  if (value instanceof Unsafe) return refineValue(value.value, refinement, path, true)
  if (typeof value === 'string') {
    const reference = literal ? undefined : parseReference(value)
    if (reference !== undefined) return new Reference(value, reference)
    // In a vault, braces are part of a password rather than an expression.
    if (refinement.vaulted) return new Secret(value)
    if (!literal) refuseJinja(value, path.at(-1) ?? '', refinement.places.place(path))
    return value
  }
  if (Array.isArray(value))
    return value.map((item: unknown, index) =>
      refineValue(item, refinement, [...path, String(index)], literal),
    )
  if (value === null || typeof value !== 'object') return value
  const tagged = jsonTag(value)
  if (tagged !== undefined) return refineValue(tagged, refinement, path, literal)
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    refineValue(item, refinement, [...path, key], literal),
  ])
  return Object.fromEntries(entries) as unknown
}

/** In JSON, which has no tags, Ansible writes a tagged value as an object with one key. */
function jsonTag(value: object): VaultText | Unsafe | undefined {
  const [entry, ...more] = Object.entries(value) as [string, unknown][]
  if (entry === undefined || more.length > 0 || typeof entry[1] !== 'string') return undefined
  if (entry[0] === jsonVaultKey) return new VaultText(entry[1])
  return entry[0] === '__ansible_unsafe' ? new Unsafe(entry[1]) : undefined
}

/**
 * Refuses a value with a Jinja expression, statement or comment.
 *
 * @throws HostwrightError VARIABLE_INVALID
 */
export function refuseJinja(value: string, name: string, place: Place | undefined): void {
  if (!/\{\{|\{%|\{#.*?#\}/s.test(value)) return
  throw new HostwrightError(
    'VARIABLE_INVALID',
    `Cannot use the value of "${name}": it holds a Jinja expression, and only a reference as the whole value is evaluated`,
    {
      place,
      hint: 'Refer to a variable as "{{ name }}" or "{{ name.key }}" without other text, compute the value in a TypeScript inventory or playbook, or tag it !unsafe where it is meant literally',
    },
  )
}

function decrypt(vault: VaultText, refinement: Refinement, path: Path): Secret {
  try {
    return new Secret(decryptVault(vault.text, refinement.password ?? '').toString())
  } catch (error) {
    throw error instanceof HostwrightError
      ? error.with({ place: refinement.places.place(path) })
      : error
  }
}
