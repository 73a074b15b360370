import type { Query } from '../resources/types.js'

/** Counts what the run has done that may change any host. */
export interface ChangeCount {
  made: number
}

interface Ahead {
  readonly answer: unknown
  /** The count of changes when it was asked. */
  readonly made: number
  readonly takenBy: Set<string>
}

/**
 * What an account on a host was asked in the last run, asked again in its first message. An answer is
 * used only while the run has changed nothing anywhere since it was asked for: a file that one host
 * writes may be mirrored to another. What asks for it again, as a loop that waits does, gets a new one.
 */
export class Prefetch {
  readonly #asked = new Map<string, Query>()
  readonly #answers = new Map<string, Ahead>()
  #open: readonly Query[]

  /** @param earlier what was asked in the last run; without it nothing is kept for later */
  constructor(
    private readonly earlier: readonly Query[] | undefined,
    private readonly changes: ChangeCount,
  ) {
    this.#open = earlier ?? []
  }

  /** Whether there is anything to ask yet. */
  get isOpen(): boolean {
    return this.#open.length > 0
  }

  /** What to ask besides, where something is asked already: all of it the first time. */
  open(already: readonly Query[]): readonly Query[] {
    const ids = new Set(already.map(({ id }) => id))
    const open = this.#open.filter(({ id }) => !ids.has(id))
    this.#open = []
    return open
  }

  /** @param asker who has it already */
  give(query: Query, answer: unknown, made: number, asker?: string): void {
    if (!this.earlier || query.kind.onDemand?.(query.key as never) === true) return
    this.#answers.set(query.id, {
      answer,
      made,
      takenBy: new Set(asker === undefined ? [] : [asker]),
    })
  }

  /** The answer, where there is one that still holds and that this asker has not had. */
  take(query: Query, asker: string): { readonly answer: unknown } | undefined {
    const found = this.#answers.get(query.id)
    if (found === undefined || found.takenBy.has(asker)) return undefined
    found.takenBy.add(asker)
    this.note(query)
    return found.made === this.changes.made ? found : undefined
  }

  /** Keeps in mind for the next run that this was needed. */
  note(query: Query): void {
    if (query.kind.onDemand?.(query.key as never) !== true) this.#asked.set(query.id, query)
  }

  /** What was needed in this run. */
  get asked(): readonly Query[] {
    return [...this.#asked.values()]
  }
}
