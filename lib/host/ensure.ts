import { setTimeout as sleep } from 'node:timers/promises'
import { HostwrightError } from '../core/errors.js'
import type { Change, TaskStatus } from '../report/events.js'
import type { Plan, Query, Resource } from '../resources/types.js'
import { Answers, Needed } from './answers.js'
import type { SectionResult } from './batch.js'
import type { Prefetch } from './prefetch.js'
import { questions } from './questions.js'
import { Outcomes } from './outcomes.js'
import { outputOf, type Output } from './output-of.js'
import { UnknownSignal } from './signals.js'
import { recordedAsk, taskFingerprints } from './fingerprints.js'
import { messagesOf, stepsOf, type Planned } from './steps.js'
import { due } from './due.js'
import { handlersOf, type View } from './view.js'

/** What became of one resource. */
export interface Outcome {
  readonly status: TaskStatus
  readonly changes: readonly Change[]
  readonly output: Output
}

/**
 * Makes resources so, in order: probes all in one message, plans as far as the answers reach, sends
 * the steps of many resources together, and asks again only what steps have made untrue.
 *
 * @param asker where this is asked from: what is asked there again is asked anew
 * @throws HostwrightError of the first resource that failed; those before it are done
 */
export async function ensure(
  view: View,
  resources: readonly Resource<unknown>[],
  asker = '',
): Promise<Outcome[]> {
  return await new Ensure(view, resources, asker).run()
}

class Ensure {
  readonly #answers: Answers
  readonly #prefetch: Prefetch
  readonly #outcomes: Outcomes
  readonly #plans: (Plan<unknown> | undefined)[] = []
  /** Changes of resources whose message was lost: they may be made already. */
  readonly #inFlight = new Map<number, readonly Change[]>()
  readonly #attempts = new Map<number, number>()
  #next = 0
  #planned: Planned[] = []
  #losses = 0

  constructor(
    private readonly view: View,
    private readonly resources: readonly Resource<unknown>[],
    private readonly asker: string,
  ) {
    this.#outcomes = new Outcomes(view, resources)
    this.#prefetch = view.runtime.prefetch(view.become?.user)
    this.#answers = view.readOnly
      ? view.runtime.checkAnswers(view.become?.user)
      : new Answers([], false, (query) => this.#prefetch.take(query, asker))
  }

  async run(): Promise<Outcome[]> {
    for (;;) {
      const blocked = this.#planAhead()
      if (this.#planned.length === 0 && blocked.length === 0) break
      await this.#guarded(blocked)
    }
    return await this.#finish()
  }

  /** Plans resources until one needs an answer; gives the questions it needs. */
  #planAhead(): readonly Query[] {
    for (; this.#next < this.resources.length; this.#next += 1) {
      const index = this.#next
      const resource = this.resources[index]!
      if (this.#outcomes.get(index)) continue
      if (!this.view.selected(resource.tags)) {
        this.#outcomes.settle(index, 'skipped', [], 'not selected by tags')
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
          this.#outcomes.settle(index, 'unknown', [], error.reason)
          continue
        }
        // What was planned before it is still to be done; then it fails when it is planned again.
        if (this.#planned.length > 0) return []
        throw this.#outcomes.failed(resource, error)
      }
    }
    return []
  }

  #plan(index: number, resource: Resource<unknown>): Plan<unknown> {
    const { ask } = this.#answers
    const { fingerprint } = this.view.runtime.context
    if (!fingerprint) return resource.type.plan(resource.wish as never, ask)
    const answers = new Map<string, unknown>()
    const plan =
      this.#planAsItIs(resource, answers) ?? resource.type.plan(resource.wish as never, ask)
    this.#outcomes.fingerprint(index, taskFingerprints(resource, answers, fingerprint))
    return plan
  }

  /** Where the answer would have to wait for planned steps, the host may find it by itself after them. */
  #planUnasked({ type, wish, notify }: Resource<unknown>): Plan<unknown> | undefined {
    // A handler would be due before it is known whether anything changes.
    if (this.view.readOnly || notify || this.view.runtime.context.fingerprint) return undefined
    return this.#planned.length > 0 ? type.planUnasked?.(wish as never) : undefined
  }

  /**
   * What differs is to be told also where an earlier change would be made first, but for what fails
   * because it has not been made.
   */
  #planAsItIs(
    { type, wish }: Resource<unknown>,
    answers: Map<string, unknown>,
  ): Plan<unknown> | undefined {
    const ask = this.view.readOnly ? this.#answers.now : this.#answers.ask
    try {
      return type.plan(wish as never, recordedAsk(ask, answers))
    } catch (error) {
      if (error instanceof HostwrightError && this.#answers.predicted) return undefined
      throw error
    }
  }

  #take(index: number, resource: Resource<unknown>, plan: Plan<unknown>): void {
    this.#plans[index] = plan
    const idle = plan.steps.length === 0 && plan.changes.length === 0
    if (idle && plan.unknown === undefined) {
      const before = this.#inFlight.get(index)
      if (before) {
        this.view.notify(handlersOf(resource))
        return this.#outcomes.settle(index, 'changed', before)
      }
      this.view.notifyDue(handlersOf(resource))
      const status = plan.skipped === undefined ? 'ok' : 'skipped'
      return this.#outcomes.settle(index, status, [], plan.skipped)
    }
    const leftAlone = this.view.leftAlone(resource.task)
    const waits = plan.changes.length === 0 && plan.unknown === undefined
    if (leftAlone !== undefined && !waits) {
      // What it would give once it is made so does not hold.
      this.#plans[index] = undefined
      return this.#outcomes.settle(index, 'skipped', [], leftAlone)
    }
    if (plan.effects) this.#answers.predict(plan.effects)
    if (this.view.readOnly) {
      this.view.notify(handlersOf(resource))
      return plan.unknown === undefined
        ? this.#outcomes.settle(index, 'changed', plan.changes)
        : this.#outcomes.settle(index, 'unknown', plan.changes, plan.unknown)
    }
    this.#planned.push({ index, resource, plan })
  }

  /** Sends what is planned and asks; after a lost connection, probes the batch again. */
  async #guarded(blocked: readonly Query[]): Promise<void> {
    try {
      await this.#send(blocked)
    } catch (error) {
      await this.view.recover(error, this.#losses)
      this.#losses += 1
      for (const { index, plan } of this.#planned)
        if (!this.#outcomes.get(index)) this.#inFlight.set(index, plan.changes)
      this.#restart()
    }
  }

  /** Everything not done is planned again, from fresh answers. */
  #restart(): void {
    this.#planned = []
    this.#answers.forget()
    this.view.runtime.context.changes.made += 1
    this.#next = 0
  }

  /** Sends what is planned, in several messages where time limits want it; the last one asks too. */
  async #send(blocked: readonly Query[]): Promise<void> {
    const { first, last } = messagesOf(this.#planned)
    for (const planned of first) {
      this.#planned = planned
      if (!(await this.#sendNow([]))) return
    }
    this.#planned = last
    if (last.length > 0 || blocked.length > 0) await this.#sendNow(blocked)
  }

  /** One message. False when a step failed and is to be tried again. */
  async #sendNow(blocked: readonly Query[]): Promise<boolean> {
    const planned = this.#planned
    const steps = stepsOf(this.view, planned, (item, unneeded) => this.#made(item, unneeded))
    const wanted = this.#questions(blocked)
    for (const query of wanted) this.#prefetch.note(query)
    const ahead = wanted.length > 0 ? this.#prefetch.open(wanted) : []
    // A run that takes no lock, which would tell it, has to ask what is due.
    const marks = wanted.length > 0 && this.view.asksDue() ? [due(null)] : []
    const asked = questions([...wanted, ...ahead, ...marks])
    const sections = [...steps.sections, ...asked.sections]
    const changing = steps.sections.length > 0
    const { changes } = this.view.runtime.context
    const before = changes.made
    let results: readonly SectionResult[] = []
    if (sections.length > 0) {
      this.#outcomes.startClock()
      steps.begin()
      const exchange = async () =>
        await this.view.exchangeBatch(sections, steps.watcher, steps.timeout)
      try {
        results = await (changing ? this.view.changing(exchange) : exchange())
      } catch (error) {
        if (error instanceof HostwrightError && error.code === 'COMMAND_TIMEOUT' && planned[0])
          return await this.#retry(planned[0], error)
        throw error
      }
    }
    const failure = steps.failure(results)
    if (failure) {
      await this.#catchUp(failure.undone)
      return await this.#retry(failure.item, failure.error)
    }
    for (const item of planned) this.#made(item)
    this.#planned = []
    if (sections.length === 0) return true
    if (!this.view.readOnly) this.#answers.settle()
    // What came with steps is from after them.
    const made = changing && changes.made === before + 2 ? changes.made : before
    const soon = new Set(ahead)
    const answers = results.slice(steps.sections.length)
    asked.read(this.view.name, answers, (query, answer) => {
      if (query === marks[0]) return this.view.giveDue(answer as readonly string[])
      if (!soon.has(query)) this.#answers.give(query, answer)
      this.#prefetch.give(query, answer, made, soon.has(query) ? undefined : this.asker)
    })
    return true
  }

  /** Does what stands before a failed resource and was to be done with a later one. */
  async #catchUp(undone: readonly Planned[]): Promise<void> {
    if (undone.length === 0) return
    this.#planned = [...undone]
    try {
      await this.#sendNow([])
    } catch {
      // Whatever keeps it from being done, what has failed first is what is to be told.
    }
  }

  /** All that the rest of the resources ask, if anything has to be asked now. */
  #questions(blocked: readonly Query[]): Query[] {
    if (blocked.length === 0) return []
    const all = new Map(blocked.map((query) => [query.id, query]))
    for (const [index, resource] of this.resources.entries()) {
      if (this.#outcomes.get(index) || index < this.#next) continue
      const wanted = this.view.selected(resource.tags) || resource.type.output
      for (const query of wanted ? resource.type.reads(resource.wish as never) : [])
        if (this.#answers.needs(query)) all.set(query.id, query)
    }
    return [...all.values()]
  }

  #made({ index, resource, plan }: Planned, unneeded?: string): void {
    if (this.#outcomes.get(index)) return
    const before = this.#inFlight.get(index)
    if (unneeded !== undefined && before) return this.#outcomes.settle(index, 'changed', before)
    if (unneeded !== undefined) return this.#outcomes.settle(index, 'skipped', [], unneeded)
    // Steps without changes only looked: they waited for something, say.
    if (plan.changes.length > 0) this.view.notify(handlersOf(resource))
    this.#outcomes.settle(index, plan.changes.length > 0 ? 'changed' : 'ok', plan.changes)
  }

  async #retry(item: Planned, error: HostwrightError): Promise<boolean> {
    const { index, resource } = item
    const attempt = this.#attempts.get(index) ?? 0
    if (attempt >= (resource.retries ?? 0)) {
      // Its first steps may have changed something: what it notifies is due all the same.
      if (item.plan.steps.length > 1) this.view.notify(handlersOf(resource))
      throw this.#outcomes.failed(resource, error)
    }
    this.#attempts.set(index, attempt + 1)
    // The failed attempt may have made the change.
    if (item.plan.changes.length > 0) this.#inFlight.set(index, item.plan.changes)
    const delay = resource.delay ?? 5_000
    this.view.runtime.note(
      `${resource.task} failed (${error.message}); attempt ${attempt + 2} in ${delay / 1000} s`,
    )
    await sleep(delay)
    this.#restart()
    return false
  }

  /** Takes the outputs, asking for what the plans did not give. */
  async #finish(): Promise<Outcome[]> {
    for (let round = 0; ; round += 1) {
      const missing = new Map<string, Query>()
      const outcomes = this.resources.map((resource, index) => {
        const { status, changes, reason } = this.#outcomes.get(index)!
        try {
          const output = outputOf(resource, {
            plan: this.#plans[index],
            status,
            reason,
            ask: this.#answers.ask,
            readOnly: this.view.readOnly,
          })
          return { status, changes, output }
        } catch (error) {
          if (!(error instanceof Needed)) throw error
          for (const query of [...error.queries, ...resource.type.reads(resource.wish as never)])
            if (this.#answers.needs(query)) missing.set(query.id, query)
          return { status, changes, output: { value: undefined } }
        }
      })
      if (missing.size === 0 || round > 5) return outcomes
      this.#next = this.resources.length
      await this.#guarded([...missing.values()])
      this.#next = this.resources.length
    }
  }
}
