import { HostwrightError } from '../core/errors.js'
import type { Place } from '../core/place.js'
import { nearMisses } from './near-misses.js'
import { Reference } from './reference.js'
import type { Variable } from './tree.js'
import type { Vars } from './types.js'
import type { Path } from './yaml-places.js'

interface Context {
  readonly host: string
  readonly variables: ReadonlyMap<string, Variable>
}

/** A value, the variable and keys it stands at, and the references that were followed to it. */
interface Spot {
  readonly name: string
  readonly path: Path
  readonly value: unknown
  readonly followed: readonly Reference[]
}

/** The variables of a host, with values in place of references. */
export interface FollowedVars {
  readonly vars: Vars
  /** Where a variable is written, or a value within it, even one that came by a reference. */
  place(name: string, inner: Path): Place | undefined
}

/**
 * Puts in place of every reference the value that it refers to, of any type; a secret stays one. What
 * a reference leads to can hold references itself. `inventory_hostname` is the name of the host.
 *
 * @throws HostwrightError VARIABLE_INVALID for a name that the host does not have, and for a circle
 */
export function followReferences(
  host: string,
  variables: ReadonlyMap<string, Variable>,
): FollowedVars {
  const context = { host, variables }
  const vars = Object.fromEntries(
    [...variables].map(([name, { value }]) => [
      name,
      valueOf(context, { name, path: [], value, followed: [] }),
    ]),
  )
  return { vars: Object.freeze(vars), place: (name, inner) => placeOf(context, name, inner) }
}

/** A value without references; one that holds none is returned as it is, not copied. */
function valueOf(context: Context, spot: Spot): unknown {
  const end = follow(context, spot)
  const { value } = end
  const inner = (key: string, item: unknown) =>
    valueOf(context, { ...end, path: [...end.path, key], value: item })
  if (Array.isArray(value)) {
    const items = value.map((item: unknown, index) => inner(String(index), item))
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  if (!isMapping(value)) return value
  const entries = Object.entries(value).map(([key, item]) => [key, inner(key, item)] as const)
  return entries.some(([key, item]) => item !== value[key]) ? Object.fromEntries(entries) : value
}

/** Goes on from a reference to what it refers to, until that is none. */
function follow(context: Context, spot: Spot): Spot {
  let at = spot
  while (at.value instanceof Reference) at = referred(context, at, at.value)
  return at
}

function referred(context: Context, from: Spot, reference: Reference): Spot {
  const again = from.followed.indexOf(reference)
  if (again !== -1) {
    const circle = [...from.followed.slice(again), reference].map(({ path }) => path.join('.'))
    throw invalid(
      context,
      from,
      'its references form a circle',
      `The circle is ${circle.join(' > ')}`,
    )
  }
  const [name = '', ...keys] = reference.path
  let spot: Spot = { ...variable(context, from, name), followed: [...from.followed, reference] }
  for (const key of keys) {
    const { value, ...at } = follow(context, spot)
    if (!isMapping(value) || !Object.hasOwn(value, key)) {
      const around = `"${[at.name, ...at.path].join('.')}"`
      throw invalid(
        context,
        from,
        `${around} of host "${context.host}" has no key "${key}"`,
        isMapping(value) ? meant(key, Object.keys(value)) : `${around} is not a mapping`,
      )
    }
    spot = { ...at, path: [...at.path, key], value: value[key] }
  }
  return spot
}

function variable({ host, variables }: Context, from: Spot, name: string): Omit<Spot, 'followed'> {
  const found = variables.get(name)
  if (found !== undefined) return { name, path: [], value: found.value }
  if (name === 'inventory_hostname') return { name, path: [], value: host }
  throw invalid(
    { host, variables },
    from,
    `host "${host}" has no variable "${name}"`,
    meant(name, variables.keys()) ??
      'Set it in group_vars or host_vars, in a vault where it is secret, or with -e',
  )
}

/** Follows references only where the way to the value leads through them. */
function placeOf(context: Context, name: string, inner: Path): Place | undefined {
  const whole = context.variables.get(name)
  let spot: Spot = { name, path: [], value: whole?.value, followed: [] }
  for (const key of inner) {
    const { value, ...at } = follow(context, spot)
    const item = isMapping(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined
    spot = { ...at, path: [...at.path, key], value: item as unknown }
  }
  return context.variables.get(spot.name)?.place(spot.path)
}

function isMapping(value: unknown): value is Vars {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  )
}

function meant(name: string, names: Iterable<string>): string | undefined {
  const misses = nearMisses(name, names)
  return misses.length > 0
    ? `Did you mean ${misses.map((miss) => `"${miss}"`).join(' or ')}?`
    : undefined
}

function invalid({ variables }: Context, at: Spot, reason: string, hint: string | undefined) {
  return new HostwrightError(
    'VARIABLE_INVALID',
    `Cannot use the value of "${[at.name, ...at.path].join('.')}": ${reason}`,
    { place: variables.get(at.name)?.place(at.path), hint },
  )
}
