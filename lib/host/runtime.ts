import type { FactBoard } from '../facts/board.js'
import type { InventoryHost } from '../inventory/types.js'
import type { EventBody } from '../report/events.js'
import type { Become } from '../connection/types.js'
import type { Handler, Query } from '../resources/types.js'
import { HostwrightError } from '../core/errors.js'
import type { SystemFacts } from '../resources/probes/system.js'
import { Answers, type Predictions } from './answers.js'
import { Prefetch, type ChangeCount } from './prefetch.js'
import type { Session } from './session.js'
import type { View } from './view.js'

/**
 * `run` changes hosts; `check` plans and tells; `observe` reads silently, for the facts of hosts that
 * a run leaves out; `list` touches nothing and tells the tasks.
 */
export type Mode = 'run' | 'check' | 'observe' | 'list'

/** Says which tasks a run that mends makes so. */
export type Mends = (host: string, role: string | undefined, task: string) => boolean

/** What all hosts of a run share. */
export interface RunContext {
  readonly mode: Mode
  readonly board: FactBoard
  readonly tags: { readonly only: readonly string[]; readonly skip: readonly string[] }
  readonly emit: (event: EventBody) => void
  /** All hosts of the inventory. */
  readonly inventory: ReadonlyMap<string, InventoryHost>
  /** A host of the inventory, or the controller itself by a name such as `localhost`. */
  readonly find: (host: string) => InventoryHost | undefined
  /** The tags that anything in the run has had. */
  readonly seenTags: Set<string>
  /** The runtime of any host of the inventory, made on first use. */
  readonly runtime: (host: string, mode?: 'observe') => HostRuntime
  /** What an account on a host was asked in the last run. */
  readonly asked: (host: string, user: string) => readonly Query[] | undefined
  readonly changes: ChangeCount
  /** Makes fingerprints of wishes and answers, for events. @default none are made */
  readonly fingerprint?: ((value: unknown) => string) | undefined
  /** Whether a task may be made so, where a run makes only some of what differs. @default all may */
  readonly mends?: Mends | undefined
  /** Reads the facts of a host that takes no part; ends when it has done so. */
  readonly observe: (host: string) => Promise<void> | undefined
}

/** One host in one run: what outlives a play. */
export class HostRuntime {
  readonly #answers = new Map<string, Answers>()
  protected readonly predictions: Predictions = []
  readonly #prefetches = new Map<string, Prefetch>()
  #facts: Promise<SystemFacts> | undefined
  /** What is to run at the end of the play, with the views that have asked for it. */
  readonly notified = new Map<Handler<never>, readonly View[]>()
  /** Accounts that check mode has asked what is due. */
  readonly askedDue = new Set<string>()
  readonly #pending = new Set<Promise<unknown>>()
  readonly #ended = new Set<string>()
  /** How often each `runOnce` was come by. */
  readonly once = new Map<string, number>()

  constructor(
    readonly inventoryHost: InventoryHost,
    readonly session: Session,
    readonly mode: Mode,
    readonly context: RunContext,
    /** For sudo, where a play or task asks for it. */
    readonly becomeSettings: (user?: string) => Become,
  ) {}

  get name(): string {
    return this.inventoryHost.name
  }

  /** The answers that check mode keeps for the whole run, so that what is planned stays planned. */
  checkAnswers(user = ''): Answers {
    let answers = this.#answers.get(user)
    if (!answers) {
      const prefetch = this.prefetch(user)
      answers = new Answers(this.predictions, true, (query) => prefetch.take(query, ''))
      this.#answers.set(user, answers)
    }
    return answers
  }

  /** What an account is asked before it is needed. */
  prefetch(user = ''): Prefetch {
    let prefetch = this.#prefetches.get(user)
    if (!prefetch) {
      const earlier = this.mode === 'observe' ? undefined : this.context.asked(this.name, user)
      this.#prefetches.set(user, (prefetch = new Prefetch(earlier, this.context.changes)))
    }
    return prefetch
  }

  /** What each account was asked in this run. */
  get prefetches(): ReadonlyMap<string, Prefetch> {
    return this.#prefetches
  }

  /**
   * Does something on the host for a play; the play does not end before it has. Once it has ended
   * nothing more is begun.
   */
  async work<T>(play: string, exchange: () => Promise<T>): Promise<T> {
    if (this.#ended.has(play))
      throw new HostwrightError(
        'INTERRUPTED',
        `Cannot work on "${this.name}": the play that began this has ended`,
        { host: this.name, hint: 'await every ensure and every command' },
      )
    const pending = this.context.board.busy(this.name, exchange)
    this.#pending.add(pending)
    try {
      return await pending
    } finally {
      this.#pending.delete(pending)
    }
  }

  /** Waits for what a play's function has left running, and lets it begin nothing more. */
  async end(play: string): Promise<void> {
    this.#ended.add(play)
    await Promise.allSettled(this.#pending)
  }

  /** Gathers the system facts on first use. */
  async facts(gather: () => Promise<SystemFacts>): Promise<SystemFacts> {
    this.#facts ??= gather()
    try {
      return await this.#facts
    } catch (error) {
      this.#facts = undefined
      throw error
    }
  }

  note(text: string, level: 'info' | 'warning' = 'warning'): void {
    if (this.mode !== 'observe') this.context.emit({ type: 'note', level, host: this.name, text })
  }
}
