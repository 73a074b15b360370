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

/** The first plan that a step of has failed. */
export interface Failure {
  readonly item: Planned
  readonly error: HostwrightError
  /** Plans before it that a later one was to carry out with its own. */
  readonly undone: readonly Planned[]
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
  failure(results: readonly (SectionResult | undefined)[]): Failure | undefined
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
  const replaced = replacedBy(planned)
  const steps = planned
    .filter((item) => !replaced.has(item))
    .flatMap((item) =>
      item.plan.steps.map((step, at) => ({
        item,
        step,
        // What it makes so, in order.
        all: planned.filter((other) => other === item || replaced.get(other) === item),
        at,
      })),
    )
  const begin = (section: number) => {
    const task = steps[section]?.item.resource.task
    if (task !== undefined) view.emit({ type: 'start', task })
  }
  const lines = outputLines((section, stream, text) => {
    const task = steps[section]?.item.resource.task
    if (task !== undefined) view.emit({ type: 'output', task, stream, text })
  })
  return {
    sections: steps.map(({ all, step, at }) => ({
      script:
        at === 0
          ? view.duePrefix(all.flatMap(({ resource }) => handlersOf(resource))) + step.script
          : step.script,
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
          for (const item of step.all)
            made(item, unneeded === true ? step.step.unless?.reason : undefined)
        begin(section + 1)
      },
    },
    timeout: steps.find(({ step }) => step.timeout)?.step.timeout,
    begin: () => begin(0),
    failure(results) {
      for (const [section, { item, step }] of steps.entries()) {
        const result = results[section]
        if (result?.exitCode === 0) continue
        const error = stepError(item.resource, step, result)
        const done = steps.slice(0, section).flatMap(({ all }) => all)
        const undone = planned
          .slice(0, planned.indexOf(item))
          .filter((other) => replaced.has(other) && !done.includes(other))
        return { item, error, undone }
      }
      return undefined
    },
  }
}

/**
 * Writes that a later one of the message replaces, with nothing but writes in between: nobody would ever
 * see them. Of several lines that a file gets, only the last is written, with all of them.
 */
function replacedBy(planned: readonly Planned[]): ReadonlyMap<Planned, Planned> {
  const replaced = new Map<Planned, Planned>()
  let later = new Map<string, Planned>()
  for (const item of planned.toReversed()) {
    const [step, ...rest] = item.plan.steps
    const path = rest.length === 0 ? step?.writes : undefined
    const last = path === undefined ? undefined : later.get(path)
    if (path === undefined) later = new Map()
    else if (last === undefined) later.set(path, item)
    else replaced.set(item, last)
  }
  return replaced
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
