import { HostwrightError } from '../core/errors.js'
import { callerPlace, errorPlace, type Place } from '../core/place.js'
import {
  createHost,
  flushHandlers,
  UnknownSignal,
  View,
  type Host,
  type HostRuntime,
  type Scope,
} from '../host/index.js'
import type { InventoryHost } from '../inventory/types.js'
import type { Member } from '../facts/board.js'
import { errorRecord } from '../report/index.js'
import { checkOptions } from './check-options.js'
import type { Run } from './run.js'

/** How a play runs. The words are Ansible's. */
export interface PlayOptions {
  /** A pattern: a group, a host, `web:&prod:!web3`. */
  readonly hosts: string
  /** Work with root's rights, or another user's. @default false */
  readonly become?: boolean | string
  /** How many hosts at a time: a number, a percentage, or a list for a growing roll-out. @default all */
  readonly serial?: number | `${number}%` | readonly (number | `${number}%`)[]
  /** Ends the run when more than this percentage of a batch has failed. @default 100 */
  readonly maxFailPercentage?: number
  /** Ends the run when one host has failed. @default false */
  readonly anyErrorsFatal?: boolean
  readonly tags?: readonly string[]
}

/** Runs a function on every host of a pattern, in parallel. */
export type PlayFunction = (
  name: string,
  options: PlayOptions,
  body: (host: Host) => Promise<unknown>,
) => Promise<void>

/** A play under way. */
export interface Play {
  readonly body: (host: Host) => Promise<unknown>
  /** Hosts of a later batch. */
  readonly later: ReadonlySet<string>
  selects(host: string): boolean
  scope(runtime: HostRuntime, member: Member): Scope
}

/** The `play` that a playbook gets. */
export function playFunction(run: Run): PlayFunction {
  return async (name, options, body) => {
    const place = callerPlace()
    if (run.stopped) throw run.stopped
    checkOptions(name, options, body)
    const playing = go(name, options, body, place)
    run.underway.set(playing, { name, place })
    try {
      return await playing
    } finally {
      run.underway.delete(playing)
    }
  }

  async function go(
    name: string,
    options: PlayOptions,
    body: (host: Host) => Promise<unknown>,
    place: Place | undefined,
  ): Promise<void> {
    const { emit, mode } = run.options
    const all = selected(run, options.hosts, place)
    const hosts = all.filter((host) => run.limited.has(host.name) && !lost(run, host))
    const names = hosts.map((host) => host.name)
    emit({ type: 'play', play: name, hosts: names })
    if (all.length === 0)
      emit({
        type: 'note',
        level: 'warning',
        text: `play "${name}": pattern "${options.hosts}" matches no host`,
      })
    const later = new Set(names)
    const allNames = all.map((host) => host.name)
    const everyone = new Set(allNames)
    const shared = { play: `play ${run.plays.length + 1}`, hosts: allNames, first: names[0] }
    const scope: Play['scope'] = (runtime, member) => {
      member.play = shared.play
      const tags = options.tags ?? []
      return { ...shared, member, tags, ...becomeScope(options, runtime) }
    }
    run.plays.push({
      body,
      later,
      selects: (host) => everyone.has(host),
      scope,
    })
    if (mode !== 'list' && !run.touched) await run.refuseUnknownKeys(hosts)
    for (const batch of batches(hosts, options.serial)) {
      for (const host of batch) later.delete(host.name)
      await runBatch(run, batch, options, scope, body, place)
      if (run.stopped) throw run.stopped
    }
  }
}

/** Says where in the playbook a pattern stands that means nothing. */
function selected(run: Run, pattern: string, place: Place | undefined): readonly InventoryHost[] {
  try {
    return run.select(pattern)
  } catch (error) {
    throw error instanceof HostwrightError ? error.with({ place }) : error
  }
}

function lost(run: Run, { name }: InventoryHost): boolean {
  return run.failed.has(name) || run.unreachable.has(name)
}

function becomeScope(options: PlayOptions, runtime: HostRuntime): Pick<Scope, 'become'> {
  const become = becomeOf(runtime.inventoryHost) ?? options.become ?? false
  if (become === false) return {}
  return { become: runtime.becomeSettings(become === true ? undefined : become) }
}

/** As in Ansible, a host's own variable wins over the play. */
function becomeOf(host: InventoryHost): boolean | undefined {
  const { ansible_become: become } = host.vars
  if (become === undefined || typeof become === 'boolean') return become
  throw new HostwrightError(
    'VARIABLE_INVALID',
    `Cannot use variable "ansible_become" of "${host.name}": it is neither true nor false`,
    { host: host.name, place: host.origin('ansible_become') },
  )
}

async function runBatch(
  run: Run,
  batch: readonly InventoryHost[],
  options: PlayOptions,
  scope: Play['scope'],
  body: (host: Host) => Promise<unknown>,
  place: ReturnType<typeof callerPlace>,
): Promise<void> {
  const { board } = run.context
  const taking = batch.map(({ name }) => ({ name, member: board.begin(name) }))
  await Promise.all(
    taking.map(async ({ name, member }) => {
      try {
        const runtime = run.context.runtime(name)
        const view = new View(runtime, scope(runtime, member))
        view.begin()
        await withHandlers(view, async () => await bodyOf(view, body))
        board.finish(member)
      } catch (error) {
        board.fail(member, fail(run, name, error, place))
        if (options.anyErrorsFatal)
          run.stop(stopError(`host "${name}" has failed, and any error is fatal`, place))
      }
    }),
  )
  const failures = batch.filter((host) => lost(run, host)).length
  const { maxFailPercentage = 100 } = options
  const percentage = (failures / batch.length) * 100
  if (failures > 0 && (percentage > maxFailPercentage || failures === batch.length))
    if (options.serial !== undefined || options.maxFailPercentage !== undefined)
      run.stop(
        stopError(
          `${failures} of ${batch.length} ${batch.length === 1 ? 'host' : 'hosts'} of a batch have failed`,
          place,
        ),
      )
}

/** Handlers that are due run after a failure too, if the host can still be reached. */
async function withHandlers(view: View, work: () => Promise<void>): Promise<void> {
  const { runtime, scope } = view
  const failures: unknown[] = []
  const attempt = async (play: string, one: () => Promise<void>) => {
    try {
      await one()
    } catch (error) {
      failures.push(error)
    }
    await runtime.end(play)
  }
  await attempt(scope.play, work)
  if (!isUnreachable(failures[0], view.name)) {
    const handlers = view.with({ play: `handlers of ${scope.play}` })
    await attempt(handlers.scope.play, async () => await flushHandlers(handlers))
  }
  const [first, second] = failures
  if (second !== undefined)
    runtime.note(
      `handlers did not run after the failure: ${second instanceof Error ? second.message : String(second)}`,
    )
  if (failures.length > 0) throw first
}

/** @param host whether it is this one that can't be reached, and not one that it delegates to */
function isUnreachable(error: unknown, host: string): boolean {
  if (!(error instanceof HostwrightError)) return false
  return unreachableCodes.has(error.code) && (error.host ?? host) === host
}

/** What can't be known in check mode, or is left out by tags, ends the host's play without an error. */
async function bodyOf(view: View, body: (host: Host) => Promise<unknown>): Promise<void> {
  try {
    await body(createHost(view))
  } catch (error) {
    if (!(error instanceof UnknownSignal)) throw error
    view.runtime.context.board.unknown(view.scope.member, error.reason)
    view.emitRest('the play', error.reason)
  }
}

function stopError(why: string, place: Place | undefined): HostwrightError {
  return new HostwrightError('INTERRUPTED', `Cannot go on with the run: ${why}`, {
    place,
    hint: 'mend what has failed and run again',
  })
}

function fail(
  run: Run,
  host: string,
  thrown: unknown,
  place: ReturnType<typeof callerPlace>,
): HostwrightError {
  const error =
    thrown instanceof HostwrightError
      ? thrown.with({ host, place })
      : new HostwrightError(
          'PLAYBOOK_INVALID',
          `Cannot run the play on "${host}": ${thrown instanceof Error && thrown.name === 'Error' ? thrown.message : String(thrown)}`,
          { host, place: errorPlace(thrown) ?? place, cause: thrown },
        )
  const unreachable = isUnreachable(error, host)
  ;(unreachable ? run.unreachable : run.failed).set(host, error)
  run.options.emit({ type: 'failure', host, unreachable, error: errorRecord(error) })
  return error
}

const unreachableCodes = new Set(['HOST_UNREACHABLE', 'CONNECTION_LOST', 'AUTHENTICATION_FAILED'])

/** A list's last size serves for all that is left; a percentage is of the play's hosts, at least one. */
export function batches<T>(hosts: readonly T[], serial: PlayOptions['serial']): T[][] {
  if (serial === undefined) return hosts.length > 0 ? [[...hosts]] : []
  const sizes = [serial].flat()
  const result: T[][] = []
  for (let at = 0, turn = 0; at < hosts.length; turn += 1) {
    const wish = sizes[Math.min(turn, sizes.length - 1)]!
    const size =
      typeof wish === 'number'
        ? wish
        : Math.max(1, Math.floor((hosts.length * Number.parseInt(wish)) / 100))
    result.push(hosts.slice(at, at + size))
    at += size
  }
  return result
}
