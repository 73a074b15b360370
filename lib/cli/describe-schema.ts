import * as v from 'valibot'
import { Secret } from '../core/secret.js'

/** A schema of valibot as its object: only what is read of it. */
interface Parts {
  readonly type: string
  readonly wrapped?: v.GenericSchema
  readonly item?: v.GenericSchema
  readonly value?: v.GenericSchema
  readonly entries?: Readonly<Record<string, v.GenericSchema>>
  readonly items?: readonly v.GenericSchema[]
  readonly options?: readonly unknown[]
  readonly literal?: unknown
  readonly default?: unknown
  readonly class?: unknown
}

/** One parameter of a role, for people. */
export interface Parameter {
  readonly name: string
  /** `text`, `number`, `list of text`, `"a" or "b"`, `secret`. */
  readonly type: string
  /** `required`, `optional`, or what it is where it is left out, as JSON. */
  readonly fallback: string
  /** By valibot's `description`. */
  readonly description: string | undefined
}

/** What a role's schema says of its parameters, in its order. */
export function describeParameters(
  entries: Readonly<Record<string, v.GenericSchema>>,
): readonly Parameter[] {
  return Object.entries(entries).map(([name, schema]) => ({
    name,
    type: typeOf(schema),
    fallback: fallbackOf(schema),
    description: descriptionOf(schema),
  }))
}

function partsOf(schema: v.GenericSchema): Parts {
  return schema as unknown as Parts
}

function isOptional({ type }: Parts): boolean {
  return ['optional', 'exact_optional', 'nullish', 'undefinedable'].includes(type)
}

function descriptionOf(schema: v.GenericSchema): string | undefined {
  const { wrapped } = partsOf(schema)
  return v.getDescription(schema) ?? (wrapped && descriptionOf(wrapped))
}

function fallbackOf(schema: v.GenericSchema): string {
  const parts = partsOf(schema)
  if (!isOptional(parts)) return 'required'
  const value: unknown = v.getDefault(schema)
  return value === undefined ? 'optional' : `default ${JSON.stringify(value)}`
}

function typeOf(schema: v.GenericSchema): string {
  const parts = partsOf(schema)
  const { wrapped, item, value, entries, items, options, literal } = parts
  if (wrapped !== undefined) return typeOf(wrapped)
  switch (parts.type) {
    case 'string':
      return 'text'
    case 'array':
      return item === undefined ? 'list' : `list of ${partOf(item)}`
    case 'record':
      return value === undefined ? 'mapping' : `mapping of ${partOf(value)}`
    case 'tuple':
      return `[${(items ?? []).map(typeOf).join(', ')}]`
    case 'literal':
      return JSON.stringify(literal)
    case 'picklist':
    case 'enum':
      return (options ?? []).map((option) => JSON.stringify(option)).join(' or ')
    case 'instance':
      return parts.class === Secret ? 'secret' : 'object'
    case 'union':
    case 'variant':
      return unionOf((options ?? []) as readonly v.GenericSchema[])
    default:
      return entries === undefined ? parts.type : objectOf(entries)
  }
}

/** In brackets where it would not be seen how far it reaches. */
function partOf(schema: v.GenericSchema): string {
  const type = typeOf(schema)
  return / or (?![^{]*\}|[^(]*\))/.test(type) ? `(${type})` : type
}

/** What takes a secret takes a text too. Lists and mappings come last, so that nothing seems theirs. */
function unionOf(options: readonly v.GenericSchema[]): string {
  const types = [...new Set(options.map(typeOf))]
  const shown = types.includes('secret') ? types.filter((type) => type !== 'text') : types
  const isLong = (type: string) => Number(/^(?:list|mapping) of/.test(type))
  return shown.toSorted((a, b) => isLong(a) - isLong(b)).join(' or ')
}

function objectOf(entries: Readonly<Record<string, v.GenericSchema>>): string {
  const fields = Object.entries(entries).map(
    ([name, schema]) => `${name}${isOptional(partsOf(schema)) ? '?' : ''}: ${typeOf(schema)}`,
  )
  return `{ ${fields.join(', ')} }`
}
