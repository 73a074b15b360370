import { setTimeout as sleep } from 'node:timers/promises'
import { HostwrightError } from '../core/errors.js'
import type { Change, TaskStatus } from '../report/events.js'
import type { Query, Resource } from '../resources/types.js'
import { Answers, Needed } from './answers.js'
import type { SectionResult } from './batch.js'
import type { Prefetch } from './prefetch.js'
import { questions } from './questions.js'
import { Outcomes } from './outcomes.js'
import { outputOf, type Output } from './output-of.js'
import { Plans } from './plans.js'
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
  return await new Ensure(view, resources.map(amongAll), asker).run()
}

/** A resource that knows what it has to of the others. */
function amongAll(
  resource: Resource<unknown>,
  _: number,
  all: readonly Resource<unknown>[],
): Resource<unknown> {
  const { type, wish } = resource
  const known = type.among?.(wish as never, all)
  return known ? { ...resource, wish: { ...(wish as object), ...known } } : resource
}

class Ensure {
  readonly #answers: Answers
  readonly #prefetch: Prefetch
  readonly #outcomes: Outcomes
  readonly #plans: Plans
  readonly #attempts = new Map<number, number>()
  #losses = 0
  /** Whether a step that several resources shared has failed: from then on each has its own. */
  #apart = false

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
    this.#plans = new Plans(view, resources, this.#answers, this.#outcomes)
  }

  async run(): Promise<Outcome[]> {
    for (;;) {
      const blocked = this.#plans.ahead()
      if (this.#plans.planned.length === 0 && blocked.length === 0) break
      await this.#guarded(blocked)
    }
    return await this.#finish()
  }

  /** Sends what is planned and asks; after a lost connection, probes the batch again. */
  async #guarded(blocked: readonly Query[]): Promise<void> {
    try {
      await this.#send(blocked)
    } catch (error) {
      await this.view.recover(error, this.#losses)
      this.#losses += 1
      this.#again(this.#plans.planned)
    }
  }

  /** Plans anew what has not ended; changes that were under way may be made already. */
  #again(underway: readonly Planned[]): void {
    for (const { index, plan } of underway)
      if (!this.#outcomes.get(index) && plan.changes.length > 0)
        this.#plans.inFlight.set(index, plan.changes)
    this.#plans.restart()
  }

  /** Sends what is planned, in several messages where time limits want it; the last one asks too. */
  async #send(blocked: readonly Query[]): Promise<void> {
    const { first, last } = messagesOf(this.#plans.planned)
    for (const planned of first) {
      this.#plans.planned = planned
      if (!(await this.#sendNow([]))) return
    }
    this.#plans.planned = last
    if (last.length > 0 || blocked.length > 0) await this.#sendNow(blocked)
  }

  /** One message. False when a step failed and is to be tried again. */
  async #sendNow(blocked: readonly Query[]): Promise<boolean> {
    const planned = this.#plans.planned
    const steps = stepsOf(this.view, planned, this.#apart, (item, unneeded) =>
      this.#made(item, unneeded),
    )
    const wanted = this.#plans.questions(blocked)
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
    if (failure && failure.items.length > 1) {
      this.#apart = true
      this.#again(failure.items)
      return false
    }
    if (failure) return await this.#retry(failure.items[0], failure.error)
    for (const item of planned) this.#made(item)
    this.#plans.planned = []
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

  #made({ index, resource, plan }: Planned, unneeded?: string): void {
    if (this.#outcomes.get(index)) return
    const before = this.#plans.inFlight.get(index)
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
    if (item.plan.changes.length > 0) this.#plans.inFlight.set(index, item.plan.changes)
    const delay = resource.delay ?? 5_000
    this.view.runtime.note(
      `${resource.task} failed (${error.message}); attempt ${attempt + 2} in ${delay / 1000} s`,
    )
    await sleep(delay)
    this.#plans.restart()
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
            plan: this.#plans.get(index),
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
      if (missing.size === 0) return outcomes
      if (round > 5)
        throw new HostwrightError(
          'TASK_FAILED',
          `Cannot take the outputs on "${this.view.name}": "${[...missing.keys()].join('", "')}" is asked again and again`,
          { host: this.view.name },
        )
      await this.#guarded([...missing.values()])
    }
  }
}
