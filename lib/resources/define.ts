import { callerPlace } from '../core/place.js'
import type {
  CommonOptions,
  ProbeKind,
  Query,
  Resource,
  ResourceType,
  StepKind,
  StepPart,
} from './types.js'

const kinds = new Map<string, ProbeKind<never, unknown>>()

/** A question of the kind of that name; nothing where there is no such kind, or it has no such key. */
export function queryOf(kindName: string, key: unknown): Query | undefined {
  const kind = kinds.get(kindName)
  try {
    return kind && { kind, key, id: `${kind.name}:${kind.id(key as never)}` }
  } catch {
    return undefined
  }
}

/**
 * Defines a kind of probe and returns the function that makes its queries.
 *
 * @example
 * const hostname = probeKind<null, string>({
 *   name: 'hostname', id: () => '', script: () => 'uname -n', parse: (out) => [out.toString().trim()],
 * })
 */
export function probeKind<Key, Answer>(kind: ProbeKind<Key, Answer>): (key: Key) => Query<Answer> {
  kinds.set(kind.name, kind as unknown as ProbeKind<never, unknown>)
  return (key) => ({
    kind: kind as unknown as ProbeKind<never, Answer>,
    key,
    id: `${kind.name}:${kind.id(key)}`,
  })
}

/** Says that a step can be done in one go with others of the kind. */
export function stepPart<Part>(kind: StepKind<Part>, part: Part): StepPart {
  return { kind: kind as unknown as StepKind<never>, part }
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
