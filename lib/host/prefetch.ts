import type { Query } from '../resources/types.js'

/** Counts what the run has done that may change any host. */
export interface ChangeCount {
  made: number
}

/**
 * What an account on a host was asked in the last run, asked again in its first message. An answer is
 * used once, and only while the run has changed nothing anywhere since it was asked for: a file that
 * one host writes may be mirrored to another.
 */
export class Prefetch {
  readonly #asked = new Map<string, Query>()
  readonly #answers = new Map<string, { readonly answer: unknown; readonly made: number }>()
  #open: readonly Query[]

  constructor(
    earlier: readonly Query[],
    private readonly changes: ChangeCount,
  ) {
    this.#open = earlier
  }

  /** What to ask besides, where something is asked already: all of it the first time. */
  open(already: readonly Query[]): readonly Query[] {
    const ids = new Set(already.map(({ id }) => id))
    const open = this.#open.filter(({ id }) => !ids.has(id))
    this.#open = []
    return open
  }

  give(query: Query, answer: unknown, made: number): void {
    this.#answers.set(query.id, { answer, made })
  }

  /** The answer, where there is one that still holds; it is gone then. */
  take(query: Query): { readonly answer: unknown } | undefined {
    const found = this.#answers.get(query.id)
    if (found === undefined) return undefined
    this.#answers.delete(query.id)
    this.note(query)
    return found.made === this.changes.made ? found : undefined
  }

  /** Keeps in mind for the next run that this was needed. */
  note(query: Query): void {
    if (query.kind.volatile?.(query.key as never) !== true) this.#asked.set(query.id, query)
  }

  /** What was needed in this run. */
  get asked(): readonly Query[] {
    return [...this.#asked.values()]
  }
}
