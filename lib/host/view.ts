import { HostwrightError } from '../core/errors.js'
import { quote } from '../core/quote.js'
import type { Become, Message, Reply } from '../connection/types.js'
import type { EndEvent, FactEvent, OutputEvent, StartEvent, TaskEvent } from '../report/events.js'
import type { Handler, Resource } from '../resources/types.js'
import type { BatchWatcher, Section, SectionResult } from './batch.js'
import type { Member } from '../facts/board.js'
import type { HostRuntime } from './runtime.js'

type Unstamped<E> = Omit<E, 'time' | 'host' | 'role' | 'handler'>
type TaskEvents =
  | Unstamped<TaskEvent>
  | Unstamped<StartEvent>
  | Unstamped<EndEvent>
  | Unstamped<OutputEvent>
  | Unstamped<FactEvent>

export interface Scope {
  readonly role?: string
  readonly become?: Become
  readonly tags: readonly string[]
  /** The names of all hosts of the play, those too that this run leaves out or has lost. */
  readonly hosts: readonly string[]
  /** Who does what is done once. */
  readonly first?: string | undefined
  readonly handler?: boolean
  /** The host on whose behalf this one works, where it is delegated to. */
  readonly origin?: HostRuntime
  /** The host's part in the play. */
  readonly member: Member
  /** Tells one play of the run from the next. */
  readonly play: string
}

/** How often work is taken up again after a lost connection before the run gives up. */
const lossPatience = 3

/** A host as one piece of code sees it: with its role, rights and tags. */
export class View {
  constructor(
    readonly runtime: HostRuntime,
    readonly scope: Scope,
  ) {}

  get name(): string {
    return this.runtime.name
  }

  get role(): string | undefined {
    return this.scope.role
  }

  get become(): Become | undefined {
    return this.scope.become
  }

  get readOnly(): boolean {
    return this.runtime.mode !== 'run'
  }

  /** The same host seen otherwise. */
  with(scope: Partial<Scope>): View {
    return new View(this.runtime, { ...this.scope, ...scope })
  }

  /** Whether --tags and --skip-tags let something with these tags run. */
  selected(own: readonly string[] = []): boolean {
    const { only, skip } = this.runtime.context.tags
    const tags = [...this.scope.tags, ...own]
    if (tags.length === 0)
      return this.scope.handler === true || only.length === 0 || only.includes('all')
    for (const tag of tags) this.runtime.context.seenTags.add(tag)
    // What notified it was selected.
    if (this.scope.handler) return true
    const has = (list: readonly string[]) => list.some((tag) => tags.includes(tag))
    if (has(skip)) return false
    if (has(only)) return true
    if (tags.includes('never')) return false
    return only.length === 0 || only.includes('all') || tags.includes('always')
  }

  /**
   * Why a run that mends leaves something alone that differs; what a handler does was asked for by
   * what has been mended.
   *
   * @param task left out for a command, which is none
   */
  leftAlone(task?: string): string | undefined {
    const { mends } = this.runtime.context
    if (!mends || this.readOnly || this.scope.handler === true) return undefined
    if (task !== undefined && mends(this.name, this.role, task)) return undefined
    return 'it is not what has drifted'
  }

  emit(event: TaskEvents): void {
    if (this.runtime.mode === 'observe') return
    this.runtime.context.emit({
      ...event,
      host: this.name,
      ...(this.scope.role !== undefined && { role: this.scope.role }),
      ...(event.type === 'task' && this.scope.handler && { handler: true }),
    })
  }

  /** Tells that the rest of something is left out, because a value that it uses is not known. */
  emitRest(of: string, reason: string): void {
    const status = this.runtime.mode === 'run' ? 'skipped' : 'unknown'
    this.emit({ type: 'task', task: `rest of ${of}`, status, changes: [], reason, duration: 0 })
  }

  /** The runtime whose play this is part of. */
  get origin(): HostRuntime {
    return this.scope.origin ?? this.runtime
  }

  /** Does something that the play waits for, and that does not begin once the play has ended. */
  async work<T>(work: () => Promise<T>): Promise<T> {
    return await this.origin.work(this.scope.play, work)
  }

  /** Connects at once to what the last run has asked anything: the body's own work takes its time. */
  begin(): void {
    const { mode, session } = this.runtime
    const account = this.become?.user
    if (mode !== 'list' && this.runtime.prefetch(account).isOpen) session.begin(this.become)
  }

  async exchange(message: Message): Promise<Reply> {
    return await this.work(async () => await this.runtime.session.run(message, this.#rights()))
  }

  async exchangeBatch(
    sections: readonly Section[],
    watcher: BatchWatcher = {},
    timeout?: number,
  ): Promise<SectionResult[]> {
    return await this.work(
      async () => await this.runtime.session.runBatch(sections, watcher, this.#rights(), timeout),
    )
  }

  /** Does something that may change the host: what was asked before it no longer holds, on no host. */
  async changing<T>(work: () => Promise<T>): Promise<T> {
    const { changes } = this.runtime.context
    changes.made += 1
    try {
      return await work()
    } finally {
      changes.made += 1
    }
  }

  /** Does what may be done twice; again when the connection is lost. */
  async persist<T>(work: () => Promise<T>): Promise<T> {
    for (let losses = 0; ; losses += 1) {
      try {
        return await work()
      } catch (error) {
        await this.recover(error, losses)
      }
    }
  }

  /**
   * Connects again after a loss.
   *
   * @param losses how many there were before
   * @throws the error itself, where it is no loss or there were too many
   */
  async recover(error: unknown, losses: number): Promise<void> {
    const lost = error instanceof HostwrightError && error.code === 'CONNECTION_LOST'
    if (!lost || losses >= lossPatience) throw error
    this.runtime.note(`connection lost (${error.message}); connecting again`)
    await this.work(async () => await this.runtime.session.reconnect(this.become))
  }

  #rights() {
    return { become: this.become, locked: !this.readOnly }
  }

  notify(handlers: readonly Handler<never>[]): void {
    const { notified } = this.origin
    for (const handler of handlers) notified.set(handler, [...(notified.get(handler) ?? []), this])
  }

  /** Takes up what an earlier run has left due, now that the handlers are known. */
  notifyDue(handlers: readonly Handler<never>[]): void {
    for (const handler of handlers) {
      if (this.runtime.mode === 'observe') continue
      if (!this.runtime.session.due.has(this.dueName(handler))) continue
      if (this.origin.notified.has(handler)) continue
      this.runtime.note(`handler "${handler.name}" is still due from an earlier run`)
      this.notify([handler])
    }
  }

  /** Whether check mode has still to ask what is due; once for each account. */
  asksDue(): boolean {
    return this.runtime.mode === 'check' && !this.runtime.askedDue.has(this.become?.user ?? '')
  }

  giveDue(names: readonly string[]): void {
    this.runtime.askedDue.add(this.become?.user ?? '')
    for (const name of names) this.runtime.session.due.add(name)
  }

  /** Another role may have a handler of the same name. */
  dueName({ name }: Handler<never>): string {
    return this.role === undefined ? name : `${this.role}: ${name}`
  }

  /** Writes on the host what will be due, before the change: a killed run loses no handler. */
  duePrefix(handlers: readonly Handler<never>[]): string {
    if (handlers.length === 0) return ''
    const files = handlers.map((handler) => dueFile(this.dueName(handler)))
    return `mkdir -p -m 0700 -- "$hw_lib" "$hw_lib/due" && : ${files.map((file) => `>${file}`).join(' ')} || exit 1\n`
  }

  /** Takes back {@link duePrefix}. */
  async forgetDue(names: readonly string[], play: string): Promise<void> {
    const script = `rm -f -- ${names.map(dueFile).join(' ')} && rmdir -- "$hw_lib/due" "$hw_lib" 2>/dev/null; :`
    const view = this.with({ play })
    await view.persist(async () => await view.exchange({ script }))
  }
}

function dueFile(name: string): string {
  return `"$hw_lib/due/"${quote(encodeURIComponent(name))}`
}

/** The handlers that a resource notifies. */
export function handlersOf({ notify }: Resource<unknown>): readonly Handler<never>[] {
  if (notify === undefined) return []
  return Array.isArray(notify) ? (notify as readonly Handler<never>[]) : [notify as Handler<never>]
}
