import { HostwrightError } from '../core/errors.js'
import type { Ask, Plan, Resource } from '../resources/types.js'
import type { Ended } from './outcomes.js'
import { UnknownSignal } from './signals.js'

/** A resource's output; where it is not known, why. */
export type Output = { readonly value: unknown } | { readonly unknown: string }

interface Source extends Pick<Ended, 'status' | 'reason'> {
  readonly plan: Plan<unknown> | undefined
  readonly ask: Ask
  readonly readOnly: boolean
}

/** Takes the output of a resource that has ended; throws what `ask` does where an answer is needed first. */
export function outputOf(
  { type, wish, task }: Resource<unknown>,
  { plan, status, reason, ask, readOnly }: Source,
): Output {
  if (plan && 'output' in plan) return { value: plan.output }
  if (status === 'unknown') return { unknown: reason ?? task }
  const skipped = `${task}: ${reason ?? 'skipped'}`
  if (!type.output) return plan ? { value: undefined } : { unknown: skipped }
  if (readOnly && status === 'changed') return { unknown: `${task} would be changed first` }
  try {
    return { value: type.output(wish as never, ask) }
  } catch (error) {
    if (error instanceof UnknownSignal) return { unknown: error.reason }
    // What was left out need not be there.
    if (status === 'skipped' && error instanceof HostwrightError) return { unknown: skipped }
    throw error
  }
}
