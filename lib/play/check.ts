import { setTimeout as sleep } from 'node:timers/promises'
import { HostwrightError, errorCodes } from '../core/errors.js'
import { UnknownSignal, viewOf, type Host, type HostRuntime, type View } from '../host/index.js'
import type { CheckEvent } from '../report/events.js'
import { errorRecord } from '../report/error-record.js'

/** What a check has shown. */
export type Check = Omit<CheckEvent, 'type' | 'time'>

export interface CheckOptions {
  /** Milliseconds for which it is tried again and again until it holds. @default 0 */
  readonly within?: number
  /** Whether it leaves something on a host while it runs: check mode skips it then. @default false */
  readonly probes?: boolean
  /** Why it cannot be made: it is skipped. @default it is made */
  readonly skip?: string | undefined
}

/** Milliseconds between two tries. */
const pause = 500

/** What was found unreachable: the checks that follow fail at once, and do not wait for it again. */
const lost = new WeakMap<HostRuntime, HostwrightError>()

/**
 * Looks whether something holds on a host, and reports it as an event: `work` throws where it does
 * not. The run goes on, and ends with exit code 2. A {@link HostwrightError} tells its hint as well.
 *
 * @param what has to hold, for people
 * @throws HostwrightError INTERRUPTED where the run is to end, and nothing else
 * @example
 * await check(host, 'sshd listens', async () => {
 *   const { stdout } = await host.$({ readOnly: true })`ss -Hltn sport = :22`
 *   if (stdout === '') throw new Error('nothing is bound to port 22')
 * })
 */
export async function check(
  host: Host,
  what: string,
  work: () => Promise<unknown>,
  options: CheckOptions = {},
): Promise<Check> {
  const view = viewOf(host)
  const started = performance.now()
  const report = (result: Pick<Check, 'result' | 'reason' | 'error'>): Check => {
    const duration = Math.round(performance.now() - started)
    const about = { host: host.name, ...(view.role !== undefined && { role: view.role }) }
    const shown: Check = { ...about, check: what, duration, ...result }
    if (view.runtime.mode !== 'observe') view.runtime.context.emit({ type: 'check', ...shown })
    return shown
  }
  const why = leftOut(view, options)
  if (view.runtime.mode === 'list')
    view.emit({ type: 'task', task: `check ${what}`, status: 'unknown', changes: [], duration: 0 })
  if (why !== undefined) return report({ result: 'skipped', reason: why })
  view.emit({ type: 'start', task: `check ${what}` })
  try {
    await patiently(view.runtime, work, options.within ?? 0)
    return report({ result: 'passed' })
  } catch (error) {
    if (error instanceof HostwrightError && error.code === 'INTERRUPTED') throw error
    if (error instanceof UnknownSignal) return report({ result: 'skipped', reason: error.reason })
    return report({ result: 'failed', error: errorRecord(asProblem(error, what, host)) })
  }
}

/** Why a check is not made; undefined where it is. */
function leftOut(view: View, { probes = false, skip }: CheckOptions): string | undefined {
  const { mode } = view.runtime
  if (!view.selected()) return 'not selected by tags'
  if (mode === 'list' || mode === 'observe') return 'nothing is looked at'
  if (mode === 'check' && probes) return 'it leaves something on the hosts while it runs'
  return skip
}

async function patiently(
  runtime: HostRuntime,
  work: () => Promise<unknown>,
  within: number,
): Promise<void> {
  const known = lost.get(runtime)
  if (known) throw known
  const end = performance.now() + within
  for (;;)
    try {
      await work()
      return
    } catch (error) {
      if (isUnreachable(error)) {
        if (error.host === runtime.name) lost.set(runtime, error)
        throw error
      }
      const isFinal = error instanceof HostwrightError && error.code === 'INTERRUPTED'
      if (isFinal || error instanceof UnknownSignal || performance.now() >= end) throw error
      await sleep(pause)
    }
}

function isUnreachable(error: unknown): error is HostwrightError {
  return error instanceof HostwrightError && errorCodes[error.code] === 4
}

function asProblem(error: unknown, what: string, host: Host): HostwrightError {
  if (error instanceof HostwrightError) return error.with({ host: host.name })
  const message = error instanceof Error ? error.message : String(error)
  return new HostwrightError('CHECK_FAILED', `Cannot verify "${what}": ${message}`, {
    host: host.name,
    cause: error instanceof Error ? error.cause : undefined,
  })
}
