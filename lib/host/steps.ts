import type { Plan, Resource } from '../resources/types.js'
import type { HostwrightError } from '../core/errors.js'
import type { BatchWatcher, Section, SectionResult } from './batch.js'
import { outputLines } from './output.js'
import { stepError } from './step-error.js'
import { handlersOf, type View } from './view.js'

/** A resource whose plan is to be carried out. */
export interface Planned {
  readonly index: number
  readonly resource: Resource<unknown>
  readonly plan: Plan<unknown>
}

/** The steps of plans as part of a message. */
export interface Steps {
  readonly sections: readonly Section[]
  /** Tells of tasks that begin and of what they print, and of plans that are carried out. */
  readonly watcher: BatchWatcher
  /** Milliseconds; undefined where no step has a limit. */
  readonly timeout: number | undefined
  /** Tells that the first one begins. */
  begin(): void
  /** The first plan that a step of has failed. */
  failure(
    results: readonly (SectionResult | undefined)[],
  ): { readonly item: Planned; readonly error: HostwrightError } | undefined
}

/**
 * Puts the steps of plans into sections; what is notified is noted as due before the first of each.
 *
 * @param made is told of each plan that is carried out, and why where that took nothing
 */
export function stepsOf(
  view: View,
  planned: readonly Planned[],
  made: (item: Planned, unneeded?: string) => void,
): Steps {
  const steps = planned.flatMap((item) => item.plan.steps.map((step, at) => ({ item, step, at })))
  const begin = (section: number) => {
    const task = steps[section]?.item.resource.task
    if (task !== undefined) view.emit({ type: 'start', task })
  }
  const lines = outputLines((section, stream, text) => {
    const task = steps[section]?.item.resource.task
    if (task !== undefined) view.emit({ type: 'output', task, stream, text })
  })
  return {
    sections: steps.map(({ item, step, at }) => ({
      script: at === 0 ? view.duePrefix(handlersOf(item.resource)) + step.script : step.script,
      ...(step.input && { input: step.input }),
      ...(step.readsExactly && { readsExactly: true }),
      ...(step.unless && { unless: step.unless.test }),
      required: true,
    })),
    watcher: {
      output: lines.take,
      ended: (section, { exitCode, unneeded }) => {
        lines.flush(section)
        const step = steps[section]
        if (step && exitCode === 0 && step.at === step.item.plan.steps.length - 1)
          made(step.item, unneeded === true ? step.step.unless?.reason : undefined)
        begin(section + 1)
      },
    },
    timeout: steps.find(({ step }) => step.timeout)?.step.timeout,
    begin: () => begin(0),
    failure(results) {
      for (const [section, { item, step }] of steps.entries()) {
        const result = results[section]
        if (result?.exitCode !== 0) return { item, error: stepError(item.resource, step, result) }
      }
      return undefined
    },
  }
}

/** A time limit is a message's, so what has one travels alone. What is last may take questions along. */
export function messagesOf(planned: readonly Planned[]): {
  readonly first: readonly Planned[][]
  readonly last: Planned[]
} {
  const groups: Planned[][] = [[]]
  for (const item of planned) {
    const alone = item.plan.steps.some(({ timeout }) => timeout)
    if (alone && groups.at(-1)!.length > 0) groups.push([])
    groups.at(-1)!.push(item)
    if (alone) groups.push([])
  }
  const last = groups.pop()!
  return { first: groups.filter(({ length }) => length > 0), last }
}
