import { errorCodes, HostwrightError } from '../core/errors.js'
import { callerPlace, formatPlace, type Place } from '../core/place.js'
import { redactDeep } from '../core/secret.js'
import type { Fact } from '../facts/fact.js'
import { system, type SystemFacts } from '../resources/probes/system.js'
import type { Handler, Resource } from '../resources/types.js'
import { ensure, type Outcome } from './ensure.js'
import { questions } from './questions.js'
import { remoteShell } from './remote-shell.js'
import { reasonUnknown, UnknownSignal, unknownValue } from './signals.js'
import type { Host, Peer, Result } from './types.js'
import { View } from './view.js'

const viewKey = Symbol('view')

/** The engine's side of a host. */
export function viewOf(host: Host): View {
  return (host as Host & { readonly [viewKey]: View })[viewKey]
}

/** Makes the host that plays and roles get. */
export function createHost(view: View): Host {
  const { runtime } = view
  const { context, inventoryHost } = runtime
  const host: Host & { readonly [viewKey]: View } = {
    [viewKey]: view,
    name: view.name,
    vars: inventoryHost.vars,
    groups: inventoryHost.groups,
    check: view.readOnly,
    hosts: view.scope.hosts,
    ensure: (async (wanted: Resource<unknown> | readonly Resource<unknown>[]) => {
      const list = Array.isArray(wanted)
        ? (wanted as readonly Resource<unknown>[])
        : [wanted as Resource<unknown>]
      const place = callerPlace()
      for (const one of list) assertResource(view, one, place)
      const outcomes =
        runtime.mode === 'list'
          ? listed(view, list)
          : await view.work(async () => await ensure(view, list, place && formatPlace(place)))
      const results = outcomes.map(toResult)
      return Array.isArray(wanted) ? results : results[0]
    }) as Host['ensure'],
    $: remoteShell(view),
    facts: async () => await systemFacts(view),
    publish: async <T>(fact: Fact<T>, value: T | Promise<T>) => {
      const known = await value
      context.board.publish(view.name, fact, known, view.scope)
      const reason = reasonUnknown(known)
      view.emit({
        type: 'fact',
        fact: fact.name,
        value: reason === undefined ? redactDeep(known) : { unknown: reason },
      })
    },
    peer: (name) => createPeer(view, name),
    delegateTo: (name) => {
      assertHost(view, name)
      const target = context.runtime(name, runtime.mode === 'observe' ? 'observe' : undefined)
      const { become, ...scope } = view.scope
      return createHost(
        new View(target, {
          ...scope,
          origin: view.origin,
          ...(become && { become: target.becomeSettings(become.user) }),
        }),
      )
    },
    as: (user) => createHost(view.with({ become: runtime.becomeSettings(user) })),
    runOnce: async (name, work) => await runOnce(view, host, name, work),
    note: (text) => runtime.note(text, 'info'),
    notify: (handler) => view.notify([handler as Handler<never>]),
    flushHandlers: async () => await flushHandlers(view),
  }
  return Object.freeze(host)
}

/** A list often has `condition && file(…)` in it. */
function assertResource(view: View, resource: unknown, place: Place | undefined): void {
  const type = (resource as { readonly type?: { readonly plan?: unknown } } | null | undefined)
    ?.type
  if (typeof type?.plan === 'function') return
  throw new HostwrightError(
    'PLAYBOOK_INVALID',
    `Cannot ensure "${String(resource)}" on "${view.name}": it is no resource`,
    {
      host: view.name,
      role: view.role,
      place,
      hint: 'leave it out of the list: ...(condition ? [file(…)] : [])',
    },
  )
}

function toResult({ status, changes, output }: Outcome): Result<unknown> {
  return {
    status,
    changed: status === 'changed',
    changes,
    get output() {
      return 'unknown' in output ? unknownValue(output.unknown) : output.value
    },
  }
}

/** --list-tasks: names what would be ensured, without a host. */
function listed(view: View, resources: readonly Resource<unknown>[]): Outcome[] {
  return resources.map((resource) => {
    const status = view.selected(resource.tags) ? 'unknown' : 'skipped'
    view.emit({ type: 'task', task: resource.task, status, changes: [], duration: 0 })
    return { status, changes: [], output: { unknown: 'it depends on what the hosts say' } }
  })
}

async function systemFacts(view: View) {
  if (view.runtime.mode === 'list') throw new UnknownSignal('it depends on what the hosts say')
  return await view.runtime.facts(async () => {
    const query = system()
    const prefetch = view.runtime.prefetch(view.become?.user)
    const known = prefetch.take(query, 'facts')
    if (known) return known.answer as SystemFacts
    prefetch.note(query)
    const asked = questions([query, ...prefetch.open([query])])
    const { made } = view.runtime.context.changes
    const results = await view.persist(async () => await view.exchangeBatch(asked.sections))
    let facts: SystemFacts | undefined
    asked.read(view.name, results, (about, answer) => {
      if (about === query) facts = answer as SystemFacts
      else prefetch.give(about, answer, made)
    })
    return facts!
  })
}

function assertHost(view: View, name: string): void {
  if (view.runtime.context.find(name)) return
  throw new HostwrightError(
    'INVENTORY_INVALID',
    `Cannot find host "${name}": the inventory does not have it`,
    {
      host: view.name,
      role: view.role,
      place: callerPlace(),
      hint: `known hosts: ${[...view.runtime.context.inventory.keys()].slice(0, 20).join(', ')}`,
    },
  )
}

function createPeer(view: View, name: string): Peer {
  assertHost(view, name)
  const { context } = view.runtime
  const { vars, groups } = context.find(name)!
  return {
    name,
    vars,
    groups,
    fact: async <T>(fact: Fact<T>): Promise<T> => {
      const place = callerPlace()
      if (view.runtime.mode === 'list') throw new UnknownSignal('it depends on what the hosts say')
      if (!context.board.has(name, fact)) await context.observe(name)
      try {
        const value = await context.board.wait(view.origin.name, name, fact, place, view.scope)
        const reason = reasonUnknown(value)
        if (reason === undefined) return value
        throw new UnknownSignal(reason)
      } catch (error) {
        if (!(error instanceof UnknownSignal)) throw error
        // What is left out, by tags or because it has not drifted, needs no fact.
        if (view.readOnly || !view.selected() || context.mends)
          throw new UnknownSignal(`fact "${fact.name}" of "${name}": ${error.reason}`)
        throw new HostwrightError(
          'FACT_NOT_PUBLISHED',
          `Cannot get fact "${fact.name}" of host "${name}" for host "${view.name}": "${name}" was only read, and it is not known there: ${error.reason}`,
          { host: view.name, role: view.role, place, hint: `run on "${name}" too` },
        )
      }
    },
  }
}

/**
 * The play's first host does it and publishes the result, as a fact of this play only. Where a loop
 * comes by several times, each time is one of its own.
 */
async function runOnce<T>(
  view: View,
  host: Host,
  name: string,
  work: (host: Host) => Promise<T>,
): Promise<T> {
  const { board } = view.runtime.context
  const { origin } = view
  const owner = view.role === undefined ? '' : `${view.role}: `
  const about = `runOnce ${owner}${name} (${view.scope.play}`
  const turn = (origin.once.get(about) ?? 0) + 1
  origin.once.set(about, turn)
  const fact: Fact<T> = { name: turn === 1 ? `${about})` : `${about}, time ${turn})` }
  const first = view.scope.first ?? origin.name
  if (first !== origin.name) return await board.wait(origin.name, first, fact, callerPlace())
  const result = await work(host)
  board.publish(first, fact, result, view.scope)
  return result
}

/**
 * Runs what was notified, in the order of the notifications; a handler may notify another. One that
 * fails keeps none of the others from running.
 *
 * @throws the first failure, after all have run
 */
export async function flushHandlers(view: View): Promise<void> {
  const { notified } = view.runtime
  const failures: unknown[] = []
  // What is due stands on the host under the account whose work has asked for it.
  const done: { readonly handler: Handler<never>; readonly by: View }[] = []
  const open: { readonly handler: Handler<never>; readonly by: View }[] = []
  for (;;) {
    const next = [...notified][0]
    if (!next) break
    const [handler, views] = next
    notified.delete(handler)
    try {
      await runHandler(view.with({ handler: true, role: `handler ${handler.name}` }), handler)
      done.push(...views.map((by) => ({ handler, by })))
    } catch (error) {
      failures.push(error)
      open.push(...views.map((by) => ({ handler, by })))
      if (endsAll(error)) break
    }
  }
  if (!view.readOnly) await forget(view, done, open)
  const [first, ...rest] = failures
  for (const error of rest)
    view.runtime.note(
      `another handler failed: ${error instanceof Error ? error.message : String(error)}`,
    )
  if (failures.length > 0) throw first
}

/** Whether what comes after it can't succeed either. */
function endsAll(error: unknown): boolean {
  return (
    error instanceof HostwrightError &&
    (error.code === 'INTERRUPTED' || errorCodes[error.code] === 4)
  )
}

/** Takes away the marks of what has run; handlers of one name share a mark, which stays for the other. */
async function forget(
  view: View,
  done: readonly { readonly handler: Handler<never>; readonly by: View }[],
  open: readonly { readonly handler: Handler<never>; readonly by: View }[],
): Promise<void> {
  const key = (by: View) => `${by.name} ${by.become?.user ?? ''}`
  const still = [
    ...open,
    ...[...view.runtime.notified].flatMap(([handler, views]) =>
      views.map((by) => ({ handler, by })),
    ),
  ]
  const kept = new Set(still.map(({ handler, by }) => `${key(by)} ${by.dueName(handler)}`))
  const accounts = new Map<string, { readonly by: View; readonly names: Set<string> }>()
  for (const { handler, by } of done) {
    const name = by.dueName(handler)
    if (kept.has(`${key(by)} ${name}`)) continue
    by.runtime.session.due.delete(name)
    const account = accounts.get(key(by)) ?? { by, names: new Set() }
    accounts.set(key(by), account)
    account.names.add(name)
  }
  for (const { by, names } of accounts.values()) await by.forgetDue([...names], view.scope.play)
}

async function runHandler(view: View, { run }: Handler<never>): Promise<void> {
  try {
    await run(createHost(view) as never)
  } catch (error) {
    if (!(error instanceof UnknownSignal)) throw error
    view.emitRest('the handler', error.reason)
  }
}
