import { callerPlace } from '../core/place.js'
import type { CommonOptions, ProbeKind, Query, Resource, ResourceType } from './types.js'

/**
 * Defines a kind of probe and returns the function that makes its queries.
 *
 * @example
 * const hostname = probeKind<null, string>({
 *   name: 'hostname', id: () => '', script: () => 'uname -n', parse: (out) => [out.toString().trim()],
 * })
 */
export function probeKind<Key, Answer>(kind: ProbeKind<Key, Answer>): (key: Key) => Query<Answer> {
  return (key) => ({
    kind: kind as unknown as ProbeKind<never, Answer>,
    key,
    id: `${kind.name}:${kind.id(key)}`,
  })
}

/** Defines a type of resource and returns the function that makes its descriptions. */
export function resourceType<Wish extends object, Output = void>(
  type: ResourceType<Wish, Output>,
): (wish: Wish & CommonOptions) => Resource<Output> {
  return ({ notify, tags, retries, delay, ...rest }) => {
    const wish = rest as unknown as Wish
    return Object.freeze({
      type: type as unknown as ResourceType<never, Output>,
      wish: Object.freeze(wish),
      task: `${type.name} ${type.title(wish)}`,
      place: callerPlace(),
      ...(notify !== undefined && { notify }),
      ...(tags !== undefined && { tags }),
      ...(retries !== undefined && { retries }),
      ...(delay !== undefined && { delay }),
    })
  }
}
