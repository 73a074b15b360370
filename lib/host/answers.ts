import { Unknown, type Ask, type Effects, type Query } from '../resources/types.js'
import { UnknownSignal } from './signals.js'

/** Thrown to the engine by a plan that needs answers which are not there or no longer true. */
export class Needed extends Error {
  constructor(readonly queries: readonly Query[]) {
    super('more answers are needed')
  }
}

/** No answer is this. */
const missing = Symbol('missing')

/** What planned steps have done to answers that were or will be given, oldest first. */
export type Predictions = Effects[]

/** Whether a planned step gives an answer, whatever the host says now. */
export function isPlanned(predictions: Predictions, { id }: Query): boolean {
  return predictions.some(({ becomes }) => becomes?.some(([about]) => about.id === id))
}

/** What the host has answered, seen through what planned steps will have changed. */
export class Answers {
  readonly #given = new Map<string, { readonly query: Query; readonly answer: unknown }>()

  /**
   * @param check in check mode steps do not run: *stale* means nothing then, and *unknown* stays so
   * @param earlier gives what was asked before it was needed, where that still holds
   */
  constructor(
    private readonly predictions: Predictions,
    private readonly check: boolean,
    private readonly earlier: (query: Query) => { readonly answer: unknown } | undefined,
  ) {}

  give(query: Query, answer: unknown): void {
    this.#given.set(query.id, { query, answer })
  }

  /** Whether a question has to be sent before a plan can use its answer. */
  needs(query: Query): boolean {
    return this.#look(query) === missing
  }

  readonly ask: Ask = Object.assign(
    <Answer>(query: Query<Answer>): Answer => {
      const answer = this.#known(query)
      if (answer instanceof Unknown) throw new UnknownSignal(answer.reason)
      return answer as Answer
    },
    {
      maybe: <Answer>(query: Query<Answer>): Answer | Unknown =>
        this.#known(query) as Answer | Unknown,
    },
  )

  /** The same where planned steps make nothing unknown: the host as it is now. */
  readonly now: Ask = Object.assign(
    <Answer>(query: Query<Answer>): Answer => this.#known(query, true) as Answer,
    { maybe: <Answer>(query: Query<Answer>): Answer => this.#known(query, true) as Answer },
  )

  /** Whether any change is planned that has not been made. */
  get predicted(): boolean {
    return this.predictions.length > 0
  }

  predict(effects: Effects): void {
    this.predictions.push(effects)
  }

  /** Makes predictions into answers once the steps have run, and drops what they made untrue. */
  settle(): void {
    for (const { becomes, stale, unknown } of this.predictions.splice(0)) {
      for (const [id, { query, answer }] of this.#given)
        if (stale?.(query) || unknown?.when(query, answer)) this.#given.delete(id)
      for (const [query, answer] of becomes ?? []) this.give(query, answer)
    }
  }

  /** Everything is asked again; what check mode has planned stays planned. */
  forget(): void {
    this.#given.clear()
    if (!this.check) this.predictions.length = 0
  }

  #known(query: Query, asItIs = false): unknown {
    const answer = this.#look(query, asItIs)
    if (answer === missing) throw new Needed([query])
    return answer
  }

  #look(query: Query, asItIs = false): unknown {
    let given = this.#given.get(query.id)
    if (!given) {
      const earlier = this.earlier(query)
      if (earlier) this.#given.set(query.id, (given = { query, answer: earlier.answer }))
    }
    let known = given !== undefined
    let answer = given?.answer
    for (const { becomes, stale, unknown } of this.predictions) {
      if (this.check) {
        // Only an answer that was given, or predicted, can be judged by `when`.
        if (
          !asItIs &&
          unknown &&
          known &&
          !(answer instanceof Unknown) &&
          unknown.when(query, answer)
        )
          answer = new Unknown(unknown.reason)
      } else if (stale?.(query) || (unknown && (!known || unknown.when(query, answer))))
        known = false
      const predicted = becomes?.find(([about]) => about.id === query.id)
      if (predicted) {
        answer = predicted[1]
        known = true
      }
    }
    return known ? answer : missing
  }
}
