import type { Plan, Resource, Step, StepPart } from '../resources/types.js'
import type { HostwrightError } from '../core/errors.js'
import { quote } from '../core/quote.js'
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

/** The first step that has failed. */
export interface Failure {
  /** What it was to carry out; of several each by itself tells whose failure it is. */
  readonly items: readonly [Planned, ...Planned[]]
  readonly error: HostwrightError
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
 * @param apart whether each step has a section of its own, also where several could be done in one go
 * @param made is told of each plan that is carried out, and why where that took nothing
 */
export function stepsOf(
  view: View,
  planned: readonly Planned[],
  apart: boolean,
  made: (item: Planned, unneeded?: string) => void,
): Steps {
  const steps = worksOf(planned, apart)
  const begin = (section: number) => {
    const task = steps[section]?.items[0].resource.task
    if (task !== undefined) view.emit({ type: 'start', task })
  }
  const lines = outputLines((section, stream, text) => {
    const [item, ...others] = steps[section]?.items ?? []
    // Whose it is nobody knows; what fails says it again when it is done by itself.
    if (item && others.length === 0)
      view.emit({ type: 'output', task: item.resource.task, stream, text })
  })
  return {
    sections: steps.map(({ items, step, at }) => ({
      script:
        at === 0
          ? view.duePrefix(items.flatMap(({ resource }) => handlersOf(resource))) + step.script
          : step.script,
      ...(step.input && { input: step.input }),
      ...(step.readsExactly && { readsExactly: true }),
      ...(step.unless && { unless: testOf(step.unless) }),
      required: true,
    })),
    watcher: {
      output: lines.take,
      ended: (section, { exitCode, unneeded }) => {
        lines.flush(section)
        const work = steps[section]
        if (work && exitCode === 0 && work.at === work.items[0].plan.steps.length - 1)
          for (const item of work.items)
            made(item, unneeded === true ? work.step.unless?.reason : undefined)
        begin(section + 1)
      },
    },
    timeout: steps.find(({ step }) => step.timeout)?.step.timeout,
    begin: () => begin(0),
    failure(results) {
      for (const [section, { items, step }] of steps.entries()) {
        const result = results[section]
        if (result?.exitCode === 0) continue
        return { items, error: stepError(items[0].resource, step, result) }
      }
      return undefined
    },
  }
}

/** A symlink counts also where it leads nowhere. */
function testOf({ path, exists }: NonNullable<Step['unless']>): string {
  const there = `[ -e ${quote(path)} ] || [ -L ${quote(path)} ]`
  return exists ? there : `! { ${there}; }`
}

/** What one section does: a step of one plan, or of several that are done in one go. */
interface Work {
  readonly items: [Planned, ...Planned[]]
  readonly step: Step
  /** Which of the plan's steps it is. */
  readonly at: number
}

function worksOf(planned: readonly Planned[], apart: boolean): readonly Work[] {
  const works: (Work & { readonly parts: StepPart[] })[] = []
  for (const item of planned)
    for (const [at, step] of item.plan.steps.entries()) {
      const part = apart || item.plan.steps.length > 1 ? undefined : step.part
      const last = works.at(-1)
      // What is notified is due before it is known which of them has failed.
      if (last && part?.kind === last.parts[0]?.kind && part && sameHandlers(item, last.items[0])) {
        last.items.push(item)
        last.parts.push(part)
      } else works.push({ items: [item], step, at, parts: part ? [part] : [] })
    }
  return works.map(({ parts, ...work }) =>
    parts.length > 1 ? { ...work, step: joined(parts) } : work,
  )
}

function sameHandlers(one: Planned, other: Planned): boolean {
  const [some, others] = [handlersOf(one.resource), handlersOf(other.resource)]
  return some.length === others.length && some.every((handler) => others.includes(handler))
}

function joined(parts: readonly StepPart[]): Step {
  return { script: parts[0]!.kind.script(parts.map(({ part }) => part as never)) }
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
