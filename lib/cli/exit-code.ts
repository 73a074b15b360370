import { errorCodes, HostwrightError } from '../core/errors.js'
import type { Run } from '../play/run.js'
import type { HostRecap } from '../report/events.js'
import type { PlaybookOptions } from './options.js'

/** How a run has ended, as the exit code of its process. */
export function exitCodeOf(
  run: Run,
  thrown: unknown,
  { detailedExitcode }: PlaybookOptions,
  hosts: Readonly<Record<string, HostRecap>>,
): number {
  const checkFailed = Object.values(hosts).some(({ failed }) => failed > 0)
  const code = plainExitCode(run, thrown) || (checkFailed ? 2 : 0)
  if (!detailedExitcode) return code
  if (code !== 0) return 1
  return Object.values(hosts).some(({ changed, unknown }) => changed + unknown > 0) ? 2 : 0
}

/** Of several playbooks in one script the worst result counts. */
export function worstExitCode(codes: readonly number[], detailed: boolean): number {
  const order = detailed ? [130, 1, 2] : [130, 2, 4, 1]
  return order.find((code) => codes.includes(code)) ?? 0
}

function plainExitCode(run: Run, thrown: unknown): number {
  if (run.interrupted) return 130
  // A host that only lacked the facts of an unreachable one has failed at nothing of its own.
  const all = [...run.failed.values(), ...(thrown === undefined ? [] : [thrown])]
  const stopped = (error: unknown) =>
    error instanceof HostwrightError && error.code === 'INTERRUPTED' && run.stopped !== undefined
  const errors = all.filter((error) => !ofUnreachable(error) && !stopped(error))
  if (errors.length > 0) return !run.touched && errors.every(ofInput) ? 1 : 2
  return run.unreachable.size > 0 ? 4 : all.length > 0 ? 2 : 0
}

function ofUnreachable(error: unknown): boolean {
  if (!(error instanceof HostwrightError)) return false
  return (
    errorCodes[error.code] === 4 ||
    (error.code === 'FACT_PUBLISHER_FAILED' && ofUnreachable(error.cause))
  )
}

function ofInput(error: unknown): boolean {
  return error instanceof HostwrightError && errorCodes[error.code] === 1
}
