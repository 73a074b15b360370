import type { Message, Reply } from '../connection/types.js'
import { HostwrightError } from '../core/errors.js'
import type { Place } from '../core/place.js'
import { FactBoard } from '../facts/board.js'
import type { Fact } from '../facts/fact.js'
import { HostRuntime, View, type Scope } from '../host/index.js'
import { Answers, isPlanned, type Predictions } from '../host/answers.js'
import { system, type SystemFacts } from '../resources/probes/index.js'
import type { Query } from '../resources/types.js'
import type { Recording } from './recording.js'

/** The same host, read silently and anew, with all that it answers put down. */
export class RecordingRuntime extends HostRuntime {
  readonly #users = new Map<string, Answers>()

  constructor(
    private readonly inner: HostRuntime,
    private readonly recording: Recording,
  ) {
    const { inventoryHost, session, context, becomeSettings } = inner
    const board = new ReadBoard(context.board)
    const apart = { ...context, board, observe: () => undefined, mends: undefined }
    super(inventoryHost, session, 'observe', apart, becomeSettings)
  }

  override checkAnswers(user = ''): Answers {
    let answers = this.#users.get(user)
    if (!answers) {
      const prefetch = this.prefetch(user)
      const put = (query: Query, answer: unknown) => this.recording.answer(user, query, answer)
      const earlier = (query: Query) => {
        // A fake host refuses what it does not know.
        if (isPlanned(this.predictions, query)) return undefined
        const found = prefetch.take(query, 'recordHost')
        if (found) put(query, found.answer)
        return found
      }
      answers = new RecordedAnswers(this.predictions, earlier, put)
      this.#users.set(user, answers)
    }
    return answers
  }

  override prefetch(user?: string) {
    return this.inner.prefetch(user)
  }

  override async facts(gather: () => Promise<SystemFacts>): Promise<SystemFacts> {
    const facts = await super.facts(gather)
    this.recording.answer('', system(), facts)
    return facts
  }
}

/** What comes ahead of its question is put down where it is taken. */
class RecordedAnswers extends Answers {
  constructor(
    planned: Predictions,
    earlier: (query: Query) => { readonly answer: unknown } | undefined,
    private readonly put: (query: Query, answer: unknown) => void,
  ) {
    super(planned, true, earlier)
  }

  override give(query: Query, answer: unknown): void {
    this.put(query, answer)
    super.give(query, answer)
  }
}

/** A host whose commands are put down too. */
export class RecordingView extends View {
  constructor(
    runtime: HostRuntime,
    scope: Scope,
    private readonly recording: Recording,
  ) {
    super(runtime, scope)
  }

  override with(scope: Partial<Scope>): View {
    return new RecordingView(this.runtime, { ...this.scope, ...scope }, this.recording)
  }

  override async exchange(message: Message): Promise<Reply> {
    const stdout: Buffer[] = []
    const onStdout = (chunk: Buffer) => {
      stdout.push(chunk)
      message.onStdout?.(chunk)
    }
    const reply = await super.exchange({ ...message, onStdout })
    this.recording.command(this.become?.user ?? '', message, {
      ...reply,
      stdout: Buffer.concat(stdout),
    })
    return reply
  }
}

/** Facts are read and not given; one that is not there yet is not waited for. */
class ReadBoard extends FactBoard {
  constructor(private readonly inner: FactBoard) {
    super(() => undefined)
  }

  override publish(): void {
    // What the host would tell the others again is nothing to them.
  }

  override unknown(): void {
    // The play itself goes on.
  }

  override has(host: string, fact: Fact<unknown>): boolean {
    return this.inner.has(host, fact)
  }

  override async wait<T>(
    host: string,
    peer: string,
    fact: Fact<T>,
    place: Place | undefined,
  ): Promise<T> {
    if (this.inner.has(peer, fact)) return await this.inner.wait(host, peer, fact, place)
    throw new HostwrightError(
      'FACT_NOT_PUBLISHED',
      `Cannot record "${host}": fact "${fact.name}" of "${peer}" is not published yet`,
      { host, place, hint: 'record in a play, behind the role that waits for it' },
    )
  }

  override async busy<T>(host: string, work: () => Promise<T>): Promise<T> {
    return await this.inner.busy(host, work)
  }
}
