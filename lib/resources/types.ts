import type { ErrorCode } from '../core/errors.js'
import type { Change } from '../report/events.js'
import type { Place } from '../core/place.js'

/**
 * One kind of read-only question that a host answers. All questions of a kind are asked by one
 * script, so that processes on the host grow with kinds and not with resources.
 */
export interface ProbeKind<Key, Answer> {
  readonly name: string
  /** Tells one key from another. */
  id(key: Key): string
  /**
   * POSIX sh that answers all keys on standard output; it has a shell of its own, and its exit status
   * does not count. It must not write to the host.
   */
  script(keys: readonly Key[]): string
  /**
   * Whether it is asked only when the answer is needed, and never ahead: where asking waits for
   * something, or the host may change the answer by itself at any time. @default false
   */
  onDemand?(key: Key): boolean
  /** One answer per key, in order. */
  parse(stdout: Buffer, keys: readonly Key[]): readonly Answer[]
}

/** One question: made by {@link probeKind}'s function. */
export interface Query<Answer = unknown> {
  readonly kind: ProbeKind<never, Answer>
  readonly key: unknown
  /** Kind and key: equal questions have equal ids. */
  readonly id: string
}

/** What check mode can't know, and why. */
export class Unknown {
  constructor(readonly reason: string) {}
}

/** Gives a plan the answers. */
export interface Ask {
  /** The answer; where it can't be known in check mode, the resource becomes *unknown* here. */
  <Answer>(query: Query<Answer>): Answer
  /** The answer, or why it can't be known: for a plan that can say something all the same. */
  maybe<Answer>(query: Query<Answer>): Answer | Unknown
}

/** One piece of work on the host. Steps that follow one another travel in one message. */
export interface Step {
  /** POSIX sh, run in a subshell of its own; not zero is failure. It never shows in `ps`. */
  readonly script: string
  /** For its standard input. */
  readonly input?: Uint8Array
  /** It reads its whole input and no byte more, so that no program has to see to that. @default false */
  readonly readsExactly?: boolean
  /** It can be done in one go with what comes before and after it, where that is of the same kind. */
  readonly part?: StepPart
  /** Milliseconds. */
  readonly timeout?: number
  /** The host itself finds out that it is not needed: where the path exists, or where it does not. */
  readonly unless?: { readonly path: string; readonly exists: boolean; readonly reason: string }
  /** What an exit status means, where more can be said than *it failed*. */
  readonly errors?: Readonly<Record<number, StepError>>
}

/**
 * One kind of work that several steps in a row do in one go, so that processes on the host grow with
 * kinds and not with resources. Where it fails each step's own script is run instead: what has been
 * done by then has to be no obstacle.
 */
export interface StepKind<Part> {
  /** POSIX sh that does all of the parts, or as good as in order. */
  script(parts: readonly Part[]): string
}

/** Made by {@link stepPart}. */
export interface StepPart {
  readonly kind: StepKind<never>
  readonly part: unknown
}

export interface StepError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string
}

/** What a resource's steps do to answers. */
export interface Effects {
  /** Questions whose answers are known beforehand: `[query, answer]`. */
  readonly becomes?: readonly (readonly [Query, unknown])[]
  /** Answers that must be asked for again once the steps have run. */
  readonly stale?: (query: Query) => boolean
  /** In check mode: answers that can't be known because the steps did not run. */
  readonly unknown?: {
    readonly when: (query: Query, answer: unknown) => boolean
    readonly reason: string
  }
}

/** What has to be done; empty `changes` and `steps` mean that all is as wished. */
export interface Plan<Output = void> {
  readonly changes: readonly Change[]
  readonly steps: readonly Step[]
  readonly effects?: Effects
  /** Why it is skipped, or why it can't be known whether it changes. */
  readonly skipped?: string
  readonly unknown?: string
  /** What `ensure` gives back for it, once done. Left out: it is asked for by `output`. */
  readonly output?: Output
}

export interface ResourceType<Wish, Output = void> {
  /** The name of the function that makes it: `file`, `packages`. */
  readonly name: string
  /** What it is about, in a few words: a path, names. Together with the name it is the task. */
  title(wish: Wish): string
  /** The questions that it always asks. */
  reads(wish: Wish): readonly Query[]
  /** What the wish has to know of all that its `ensure` wishes, itself included: it is put into it. */
  among?(wish: Wish, all: readonly Resource<unknown>[]): object | undefined
  /** Pure: from answers and wish to what has to be done. A question not in `reads` costs one more round trip. */
  plan(wish: Wish, ask: Ask): Plan<Output>
  /**
   * A plan of one step that finds out for itself whether it is needed. It spares the round trip where
   * what `plan` asks has to wait for what is done before; undefined where there is none.
   */
  planUnasked?(wish: Wish): Plan<Output> | undefined
  /** Takes the output from what the host says after the steps; asked for when the plan has none. */
  output?(wish: Wish, ask: Ask): Output
}

/** Something that runs once at the end of a play if a change has notified it. */
export interface Handler<H = unknown> {
  readonly name: string
  readonly run: (host: H) => unknown
}

/** What every resource takes besides its own properties. */
export interface CommonOptions {
  /** Handlers to run at the end of the play if this changes. */
  readonly notify?: Handler<never> | readonly Handler<never>[]
  /** For `--tags` and `--skip-tags`; besides those of its role and play. */
  readonly tags?: readonly string[]
  /** How often a failed attempt is made again. @default 0 */
  readonly retries?: number
  /** Milliseconds between attempts. @default 5_000 */
  readonly delay?: number
}

/** A frozen description of what should be; `host.ensure` makes it so. */
export interface Resource<Output = void> extends CommonOptions {
  readonly type: ResourceType<never, Output>
  readonly wish: unknown
  /** For example `file /etc/hosts`. */
  readonly task: string
  readonly place: Place | undefined
}
