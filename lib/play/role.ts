import * as v from 'valibot'
import { HostwrightError } from '../core/errors.js'
import { callerPlace, errorPlace, type Place } from '../core/place.js'
import { Secret } from '../core/secret.js'
import type { Fact } from '../facts/fact.js'
import { createHost, UnknownSignal, unknownValue, viewOf, type Host } from '../host/index.js'
import type { InventoryHost } from '../inventory/types.js'

type Entries = Record<string, v.GenericSchema>
type Schema<E extends Entries> = v.ObjectSchema<E, undefined>

/** What a role's author writes; `P` are the parameters that the playbook has to pass. */
export interface RoleDefinition<E extends Entries, Output, P extends keyof E = never> {
  /** Also the variable of the inventory that holds its parameters, and a tag. */
  readonly name: string
  /** Describes and checks the parameters; from it comes their type. @default none */
  readonly params?: Schema<E>
  /**
   * Parameters that only the playbook can know, such as what another role has returned: a call without
   * them does not compile. @default none: each may come from the inventory
   */
  readonly fromPlaybook?: readonly P[]
  /** Families of systems that it supports, as `host.facts()` names them; on others it is refused. @default any */
  readonly families?: readonly string[]
  /** Facts that it gives to other hosts, for `hostwright doc`; not checked. */
  readonly publishes?: readonly Fact<unknown>[]
  /** Facts of other hosts that it waits for, for `hostwright doc`; not checked. */
  readonly needs?: readonly Fact<unknown>[]
  /** What it gives back to the playbook, in words, for `hostwright doc`. @default it is not told */
  readonly returns?: string
  /** Throws where the parameters can't be, beside one another or the play's hosts. The host is asked nothing before. */
  checkParams?(host: Host, params: v.InferOutput<Schema<E>>): void
  run(host: Host, params: v.InferOutput<Schema<E>>): Promise<Output>
}

type Input<E extends Entries> = v.InferInput<Schema<E>>

/** A role: call it with a host, and with the parameters that win over the inventory's. */
export interface Role<E extends Entries, Output, P extends keyof E = never> {
  (
    host: Host,
    ...params: [P] extends [never] ? [params?: Partial<Input<E>>] : [params: PassedInput<E, P>]
  ): Promise<Output>
  readonly definition: RoleDefinition<E, Output, P>
}

type PassedInput<E extends Entries, P extends keyof E> = Partial<Input<E>> &
  Required<Pick<Input<E>, P & keyof Input<E>>>

const defined = new Map<string, RoleDefinition<Entries, unknown>>()

/**
 * Defines a role. Its parameters come from the inventory variable of its name, property by property
 * overridden by what the call passes, and are checked before it runs. Where it passes undefined, what the
 * inventory has does not count.
 *
 * @throws HostwrightError PARAMETER_INVALID, when called: the parameter, its value's file and line;
 *   UNSUPPORTED on a system of a family that it does not support
 * @example
 * export const motd = role({
 *   name: 'motd',
 *   params: v.object({ text: v.optional(v.string(), 'hello') }),
 *   async run(host, { text }) {
 *     await host.ensure(file({ path: '/etc/motd', content: text + '\n' }))
 *   },
 * })
 */
export function role<
  const E extends Entries = Record<never, never>,
  Output = void,
  const P extends keyof E = never,
>(definition: RoleDefinition<E, Output, P>): Role<E, Output, P> {
  defined.set(definition.name, definition as unknown as RoleDefinition<Entries, unknown>)
  const call = async (
    host: Host,
    params: Partial<v.InferInput<Schema<E>>> = {},
  ): Promise<Output> => {
    const place = callerPlace()
    const outer = viewOf(host)
    const view = outer.with({ role: definition.name, tags: [...outer.scope.tags, definition.name] })
    const checked = checkParams(definition, outer.runtime.inventoryHost, params, place)
    try {
      definition.checkParams?.(createHost(view), checked)
      await refuseFamily(definition, createHost(view), place)
      return await definition.run(createHost(view), checked)
    } catch (error) {
      if (error instanceof UnknownSignal) {
        view.runtime.context.board.unknown(view.scope.member, error.reason)
        view.emitRest(`role ${definition.name}`, error.reason)
        return unknownValue(error.reason)
      }
      if (error instanceof HostwrightError)
        throw error.with({ host: view.name, role: definition.name })
      throw new HostwrightError(
        'PLAYBOOK_INVALID',
        `Cannot run role "${definition.name}" on "${view.name}": ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
        { host: view.name, role: definition.name, place: errorPlace(error) ?? place, cause: error },
      )
    }
  }
  return Object.assign(call, { definition })
}

async function refuseFamily<E extends Entries, Output>(
  { name, families }: RoleDefinition<E, Output, keyof E>,
  host: Host,
  place: Place | undefined,
): Promise<void> {
  // --list-tasks asks no host.
  if (families === undefined || viewOf(host).runtime.mode === 'list') return
  const { family } = await host.facts()
  if (families.includes(family)) return
  throw new HostwrightError(
    'UNSUPPORTED',
    `Cannot use role "${name}" on "${host.name}": it does not support family "${family}"`,
    { place, hint: `it supports ${families.join(', ')}` },
  )
}

function checkParams<E extends Entries, Output>(
  { name, params: schema, fromPlaybook = [] }: RoleDefinition<E, Output, keyof E>,
  host: InventoryHost,
  passed: Partial<v.InferInput<Schema<E>>>,
  place: Place | undefined,
): v.InferOutput<Schema<E>> {
  const given = inventoryParams(name, host)
  const entries: Entries = schema?.entries ?? {}
  const problem = (key: string | undefined, text: string, hint?: string) => {
    const fromCall = key !== undefined && Object.hasOwn(passed, key)
    return new HostwrightError(
      'PARAMETER_INVALID',
      `Cannot use role "${name}" on "${host.name}": ${text}`,
      {
        host: host.name,
        role: name,
        place: fromCall
          ? place
          : ((key === undefined ? undefined : host.origin(`${name}.${key}`)) ??
            host.origin(name) ??
            place),
        hint,
      },
    )
  }
  const merged: Record<string, unknown> = { ...given, ...passed }
  for (const key of Object.keys(merged))
    if (!Object.hasOwn(entries, key))
      throw problem(
        key,
        `it has no parameter "${key}"`,
        `its parameters: ${Object.keys(entries).join(', ') || 'none'}`,
      )
  if (!schema) return {} as v.InferOutput<Schema<E>>
  const result = v.safeParse(schema, merged)
  if (result.success) return result.output
  const issue = result.issues[0]
  const key = issue.path?.[0]?.key as string | undefined
  if (key !== undefined && !Object.hasOwn(merged, key))
    throw problem(
      undefined,
      `parameter "${key}" is missing`,
      fromPlaybook.includes(key)
        ? 'pass it in the playbook'
        : `set ${name}.${key} in group_vars or pass it in the playbook`,
    )
  throw problem(key, describeIssue(issue, merged[key ?? '']))
}

/** @throws HostwrightError PARAMETER_INVALID where the variable of the role's name is no mapping */
function inventoryParams(name: string, host: InventoryHost): Record<string, unknown> {
  const given = host.vars[name]
  if (given === undefined || given === null) return {}
  if (typeof given === 'object' && !Array.isArray(given) && !(given instanceof Secret))
    return given as Record<string, unknown>
  throw new HostwrightError(
    'PARAMETER_INVALID',
    `Cannot use role "${name}" on "${host.name}": variable "${name}" is not a mapping of parameters`,
    {
      host: host.name,
      role: name,
      place: host.origin(name),
    },
  )
}

function describeIssue(issue: v.BaseIssue<unknown>, value: unknown): string {
  const path = v.getDotPath(issue) ?? ''
  if (value instanceof Secret && issue.expected !== null)
    return `parameter "${path}" is a secret, and this role would show it: take it out of the vault`
  return `parameter "${path}": ${issue.message}`
}

/**
 * Checks, before any host is touched, what the inventory says for the roles that the playbook has
 * imported: names and types; what is missing may still be passed by the playbook.
 *
 * @throws HostwrightError PARAMETER_INVALID
 */
export function checkInventoryParams(hosts: Iterable<InventoryHost>): void {
  for (const host of hosts)
    for (const definition of defined.values()) {
      const entries = definition.params?.entries ?? {}
      for (const [key, value] of Object.entries(inventoryParams(definition.name, host))) {
        const fail = (text: string, hint?: string) => {
          throw new HostwrightError(
            'PARAMETER_INVALID',
            `Cannot use role "${definition.name}" on "${host.name}": ${text}`,
            {
              host: host.name,
              role: definition.name,
              place: host.origin(`${definition.name}.${key}`) ?? host.origin(definition.name),
              hint,
            },
          )
        }
        const schema = Object.hasOwn(entries, key) ? entries[key] : undefined
        if (!schema)
          return fail(
            `it has no parameter "${key}"`,
            `its parameters: ${Object.keys(entries).join(', ') || 'none'}`,
          )
        const result = v.safeParse(schema, value)
        if (!result.success) {
          const [issue] = result.issues
          const within = v.getDotPath(issue)
          fail(
            value instanceof Secret && issue.expected !== null
              ? `parameter "${key}" is a secret, and this role would show it: take it out of the vault`
              : `parameter "${[key, within].filter(Boolean).join('.')}": ${issue.message}`,
          )
        }
      }
    }
}
