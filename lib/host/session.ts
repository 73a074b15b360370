import { hostname } from 'node:os'
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises'
import type { LimitFunction } from 'p-limit'
import { HostwrightError } from '../core/errors.js'
import { quote } from '../core/quote.js'
import { userName } from '../core/user-name.js'
import type { Become, Connection, Message, Reply, Shell } from '../connection/types.js'
import { readDue } from './due.js'
import { batch, type BatchWatcher, type Section, type SectionResult } from './batch.js'
import { join, type Part } from './join.js'
import { endHolderScript, lockScript } from './lock-script.js'

/** What the sessions of a run share. */
export interface SessionContext {
  readonly run: string
  readonly playbook: string
  /** Bounds how many hosts are talked to at the same time. */
  readonly limit: LimitFunction
  /** Fails when the run is to end: after Ctrl-C, or by `anyErrorsFatal`. */
  readonly assertGoing: () => void
  readonly note: (host: string, text: string) => void
}

interface Rights {
  readonly become?: Become | undefined
  /** Whether the host's lock is needed: a run that only reads does not take it. */
  readonly locked: boolean
}

interface Gathered extends Part {
  readonly reject: (error: unknown) => void
}

/** Milliseconds before each attempt to connect again after a loss. */
const reconnectDelays = [200, 1_000, 2_000, 4_000, 8_000]
/** Milliseconds to wait for commands that a dead run has left on the host. */
const orphanPatience = 600_000

/** A host's wire as the engine uses it: opened when first needed, counted, locked, opened again. */
export class Session {
  roundTrips = 0
  /** Whether a message has ever reached the host. */
  touched = false
  /** Handlers that an earlier run has left due on the host. */
  readonly due = new Set<string>()
  /** Shells that hold the lock. */
  readonly #locked = new WeakSet<Shell>()
  /** Accounts whose lock this session has taken: what an earlier run has left due there is known. */
  readonly #lockers = new Set<string>()
  /** What will be one message, by the rights that it takes. */
  readonly #gathering = new Map<string, Gathered[]>()

  /** What the lock says of this session; no other has the same. */
  readonly #holder: string
  #closed = false
  /** Connections that are being made, by account. */
  readonly #beginnings = new Map<string, Promise<Shell>>()

  constructor(
    readonly host: string,
    private readonly connection: Connection,
    private readonly context: SessionContext,
  ) {
    const since = new Date().toISOString()
    this.#holder = `${userName()}@${hostname()} (process ${process.pid}), ${context.playbook}, run ${context.run}, since ${since}, as ${host}`
  }

  /**
   * Connects, before anything is to be said, where that has not to wait for other hosts. What fails is told
   * to those who have something to say by then.
   */
  begin(become: Become | undefined): void {
    const { limit } = this.context
    if (limit.activeCount + limit.pendingCount >= limit.concurrency) return
    const account = accountOf({ become })
    const beginning = limit(async () => {
      this.#assertGoing()
      return await this.connection.shell(become)
    })
    const forget = (): void => void this.#beginnings.delete(account)
    this.#beginnings.set(account, beginning)
    beginning.then(forget, forget)
  }

  /**
   * Sends a message.
   *
   * @throws HostwrightError CONNECTION_LOST when the answer did not come; what was sent may have run
   */
  async run(message: Message, rights: Rights): Promise<Reply> {
    return await this.#talk(rights, async (shell) => {
      if (this.#lacksLock(shell, rights)) await this.#lock(shell, rights)
      return await this.#exchange(shell, message)
    })
  }

  /**
   * Sends sections in one message, which takes the lock too where that is still to be done. Sections
   * that only ask go together with those that others ask at the same time; what does something has
   * its answer before the next begins, which may wait for what comes of it.
   */
  async runBatch(
    sections: readonly Section[],
    watcher: BatchWatcher,
    rights: Rights,
    timeout?: number,
  ): Promise<SectionResult[]> {
    const asks = timeout === undefined && sections.every(({ required }) => !required)
    if (!asks) return await this.#send(sections, watcher, rights, timeout)
    const key = `${rights.locked} ${accountOf(rights)}`
    return await new Promise((resolve, reject) => {
      const part = { sections, watcher, resolve, reject }
      const gathered = this.#gathering.get(key)
      if (gathered) return void gathered.push(part)
      const parts = [part]
      this.#gathering.set(key, parts)
      void this.#sendParts(key, parts, rights)
    })
  }

  async #sendParts(key: string, parts: readonly Gathered[], rights: Rights): Promise<void> {
    await immediate()
    this.#gathering.delete(key)
    // What is due is known only once the message that takes the lock has ended.
    const { sections, watcher, end } = join(
      parts,
      !rights.locked || this.#lockers.has(accountOf(rights)),
    )
    try {
      end(await this.#send(sections, watcher, rights))
    } catch (error) {
      for (const { reject } of parts) reject(error)
    }
  }

  async #send(
    sections: readonly Section[],
    watcher: BatchWatcher,
    rights: Rights,
    timeout?: number,
  ): Promise<SectionResult[]> {
    return await this.#talk(rights, async (shell) => {
      const lacking = this.#lacksLock(shell, rights)
      // In the shell itself, where the lock must be taken, there is neither input nor a time limit.
      const together = timeout === undefined && sections.every(({ input }) => !input?.length)
      if (lacking && together) return await this.#lock(shell, rights, sections, watcher)
      if (lacking) await this.#lock(shell, rights)
      const { script, input, onStdout, onStderr, results } = batch(sections, watcher)
      await this.#exchange(shell, {
        script,
        onStdout,
        onStderr,
        ...(input && { input }),
        ...(timeout !== undefined && { timeout }),
      })
      return results()
    })
  }

  /** Tries until the host answers again. */
  async reconnect(become: Become | undefined): Promise<void> {
    this.#lockers.clear()
    let last: unknown
    for (const delay of reconnectDelays) {
      await sleep(delay)
      this.#assertGoing()
      try {
        await this.context.limit(async () => await this.connection.shell(become))
        return
      } catch (error) {
        last = error
        if (!(error instanceof HostwrightError && error.code === 'HOST_UNREACHABLE')) break
      }
    }
    throw last
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.connection.close()
  }

  async #talk<T>({ become }: Rights, work: (shell: Shell) => Promise<T>): Promise<T> {
    await this.#beginnings.get(accountOf({ become }))
    return await this.context.limit(async () => {
      this.#assertGoing()
      const shell = await this.connection.shell(become)
      this.touched = true
      return await work(shell)
    })
  }

  #assertGoing(): void {
    this.context.assertGoing()
    if (this.#closed)
      throw new HostwrightError('INTERRUPTED', `Cannot work on "${this.host}": the run has ended`, {
        host: this.host,
      })
  }

  async #exchange(shell: Shell, message: Message): Promise<Reply> {
    this.roundTrips += 1
    return await shell.run(message)
  }

  #lacksLock(shell: Shell, { locked }: Rights): boolean {
    return locked && !this.#locked.has(shell)
  }

  /** Takes the lock, and runs sections in the same message once it is taken. */
  async #lock(
    shell: Shell,
    rights: Rights,
    sections: readonly Section[] = [],
    watcher: BatchWatcher = {},
  ): Promise<SectionResult[]> {
    let waiting = false
    for (const end = Date.now() + orphanPatience; ;) {
      const work = batch(sections, watcher, `hw_holder=${quote(this.#holder)}\n${lockScript}`)
      const { script, onStdout, onStderr } = work
      const { stderr } = await this.#exchange(shell, { script, onStdout, onStderr, persist: true })
      const [verdict, ...rest] = work.prelude().toString().split('\n')
      if (verdict === 'locked') {
        for (const name of readDue(rest)) this.due.add(name)
        this.#locked.add(shell)
        this.#lockers.add(accountOf(rights))
        return work.results()
      }
      const late = Date.now() > end
      if (verdict === 'free' && !late) continue
      if (verdict === 'held' && !late && rest.includes(this.#holder)) {
        // Our own session from before a loss, which the host has not noticed yet.
        await this.#exchange(shell, { script: endHolderScript, persist: true })
        await sleep(200)
        continue
      }
      if (verdict !== 'orphaned' || late) throw this.#lockError(verdict, rest, stderr)
      if (!waiting)
        this.context.note(
          this.host,
          'waits for a command that an interrupted run has left on the host',
        )
      waiting = true
      await sleep(1_000)
    }
  }

  #lockError(
    verdict: string | undefined,
    rest: readonly string[],
    stderr: Buffer,
  ): HostwrightError {
    const { host } = this
    const what = `Cannot lock host "${host}"`
    if (verdict !== 'held' && verdict !== 'orphaned')
      return new HostwrightError('HOST_LOCKED', `${what}: the lock could not be taken`, {
        host,
        stderr: stderr.toString().split('\n@@')[0],
      })
    const holder = rest.join(' ').trim() || 'an unknown run'
    return new HostwrightError('HOST_LOCKED', `${what}: it is held by ${holder}`, {
      host,
      hint: holder.includes(this.context.run)
        ? 'this run reaches the same machine under two names; give it one'
        : 'wait until that run has ended, or end it, and run again',
    })
  }
}

/** Empty for the one who logs in. */
function accountOf({ become }: Pick<Rights, 'become'>): string {
  return become?.user ?? ''
}
