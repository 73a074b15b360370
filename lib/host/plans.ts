import { HostwrightError } from '../core/errors.js'
import type { Change } from '../report/events.js'
import type { Plan, Query, Resource } from '../resources/types.js'
import { Needed, type Answers } from './answers.js'
import { recordedAsk, taskFingerprints } from './fingerprints.js'
import type { Outcomes } from './outcomes.js'
import { UnknownSignal } from './signals.js'
import type { Planned } from './steps.js'
import { handlersOf, type View } from './view.js'

/** The plans of the resources of one `ensure`, made in order as far as the answers reach. */
export class Plans {
  /** What is to be sent. */
  planned: Planned[] = []
  /** Changes of resources whose message was lost: they may be made already. */
  readonly inFlight = new Map<number, readonly Change[]>()
  readonly #plans: (Plan<unknown> | undefined)[] = []
  #next = 0

  constructor(
    private readonly view: View,
    private readonly resources: readonly Resource<unknown>[],
    private readonly answers: Answers,
    private readonly outcomes: Outcomes,
  ) {}

  get(index: number): Plan<unknown> | undefined {
    return this.#plans[index]
  }

  /** Plans resources until one needs an answer; gives the questions it needs. */
  ahead(): readonly Query[] {
    for (; this.#next < this.resources.length; this.#next += 1) {
      const index = this.#next
      const resource = this.resources[index]!
      if (this.outcomes.get(index)) continue
      if (!this.view.selected(resource.tags)) {
        this.outcomes.settle(index, 'skipped', [], 'not selected by tags')
        continue
      }
      try {
        this.#take(index, resource, this.#plan(index, resource))
      } catch (error) {
        if (error instanceof Needed) {
          const unasked = this.#planUnasked(resource)
          if (!unasked) return error.queries
          this.#take(index, resource, unasked)
          continue
        }
        if (error instanceof UnknownSignal) {
          this.outcomes.settle(index, 'unknown', [], error.reason)
          continue
        }
        // What was planned before it is still to be done; then it fails when it is planned again.
        if (this.planned.length > 0) return []
        throw this.outcomes.failed(resource, error)
      }
    }
    return []
  }

  #plan(index: number, resource: Resource<unknown>): Plan<unknown> {
    const { ask } = this.answers
    const { fingerprint } = this.view.runtime.context
    if (!fingerprint) return resource.type.plan(resource.wish as never, ask)
    const answers = new Map<string, unknown>()
    const plan =
      this.#planAsItIs(resource, answers) ?? resource.type.plan(resource.wish as never, ask)
    this.outcomes.fingerprint(index, taskFingerprints(resource, answers, fingerprint))
    return plan
  }

  /** Where the answer would have to wait for planned steps, the host may find it by itself after them. */
  #planUnasked({ type, wish, notify }: Resource<unknown>): Plan<unknown> | undefined {
    // A handler would be due before it is known whether anything changes.
    if (this.view.readOnly || notify || this.view.runtime.context.fingerprint) return undefined
    return this.planned.length > 0 ? type.planUnasked?.(wish as never) : undefined
  }

  /**
   * What differs is to be told also where an earlier change would be made first, but for what fails
   * because it has not been made.
   */
  #planAsItIs(
    { type, wish }: Resource<unknown>,
    answers: Map<string, unknown>,
  ): Plan<unknown> | undefined {
    const ask = this.view.readOnly ? this.answers.now : this.answers.ask
    try {
      return type.plan(wish as never, recordedAsk(ask, answers))
    } catch (error) {
      if (error instanceof HostwrightError && this.answers.predicted) return undefined
      throw error
    }
  }

  #take(index: number, resource: Resource<unknown>, plan: Plan<unknown>): void {
    this.#plans[index] = plan
    const idle = plan.steps.length === 0 && plan.changes.length === 0
    if (idle && plan.unknown === undefined) {
      const before = this.inFlight.get(index)
      if (before) {
        this.view.notify(handlersOf(resource))
        return this.outcomes.settle(index, 'changed', before)
      }
      this.view.notifyDue(handlersOf(resource))
      const status = plan.skipped === undefined ? 'ok' : 'skipped'
      return this.outcomes.settle(index, status, [], plan.skipped)
    }
    const leftAlone = this.view.leftAlone(resource.task)
    const waits = plan.changes.length === 0 && plan.unknown === undefined
    if (leftAlone !== undefined && !waits) {
      // What it would give once it is made so does not hold.
      this.#plans[index] = undefined
      return this.outcomes.settle(index, 'skipped', [], leftAlone)
    }
    if (plan.effects) this.answers.predict(plan.effects)
    if (this.view.readOnly) {
      this.view.notify(handlersOf(resource))
      return plan.unknown === undefined
        ? this.outcomes.settle(index, 'changed', plan.changes)
        : this.outcomes.settle(index, 'unknown', plan.changes, plan.unknown)
    }
    this.planned.push({ index, resource, plan })
  }

  /** All that the rest of the resources ask, if anything has to be asked now. */
  questions(blocked: readonly Query[]): Query[] {
    if (blocked.length === 0) return []
    const all = new Map(blocked.map((query) => [query.id, query]))
    for (const [index, resource] of this.resources.entries()) {
      if (this.outcomes.get(index) || index < this.#next) continue
      const { type, wish, tags } = resource
      const selected = this.view.selected(tags)
      if (!selected && !type.output) continue
      const open = type.reads(wish as never).filter((query) => this.answers.needs(query))
      const besides = open.length === 0 && selected ? this.#besides(resource) : []
      for (const query of [...open, ...besides]) all.set(query.id, query)
    }
    return [...all.values()]
  }

  /** What a plan asks besides comes to light when it is made. */
  #besides({ type, wish }: Resource<unknown>): readonly Query[] {
    try {
      type.plan(wish as never, this.view.readOnly ? this.answers.now : this.answers.ask)
    } catch (error) {
      if (error instanceof Needed) return error.queries
      // Of all else is told in its turn.
    }
    return []
  }

  /** Everything not done is planned again, from fresh answers. */
  restart(): void {
    this.planned = []
    this.answers.forget()
    this.view.runtime.context.changes.made += 1
    this.#next = 0
  }
}
