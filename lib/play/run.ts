import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { channel } from 'node:diagnostics_channel'
import pLimit from 'p-limit'
import {
  becomeSettings,
  connect,
  connectionSettings,
  hasKnownKey,
  isSpawningShell,
} from '../connection/index.js'
import type { Connection } from '../connection/types.js'
import { HostwrightError } from '../core/errors.js'
import type { Place } from '../core/place.js'
import { secret } from '../core/secret.js'
import { FactBoard } from '../facts/board.js'
import {
  HostRuntime,
  Session,
  UnknownSignal,
  type Mends,
  type Mode,
  type RunContext,
} from '../host/index.js'
import { localNames } from '../inventory/index.js'
import type { Inventory, InventoryHost } from '../inventory/types.js'
import type { EventBody } from '../report/events.js'
import type { Asked } from './asked.js'
import { observer } from './observe.js'
import type { Play } from './play.js'

export interface RunOptions {
  readonly playbook: string
  readonly inventory: Inventory
  readonly mode: Mode
  /** Only these hosts; the others' facts are read. @default all */
  readonly limit?: string | undefined
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  readonly forks: number
  /** What the command line says instead of the inventory. */
  readonly defaults: {
    readonly user?: string | undefined
    readonly privateKey?: string | undefined
    readonly becomePassword?: string | undefined
  }
  readonly emit: (event: EventBody) => void
  /** What the hosts were asked in earlier runs. @default nothing is asked before it is needed */
  readonly asked?: Asked | undefined
  /** Makes fingerprints of wishes and answers for the events of tasks. @default none are made */
  readonly fingerprint?: ((value: unknown) => string) | undefined
  /** Which tasks are made so. @default all */
  readonly mends?: Mends | undefined
}

/** Node tells of every process that is started asynchronously, which zx's `$` does. */
const childProcesses = channel('child_process')

/** One run of a playbook: its hosts, what became of them, and what they share. */
export class Run {
  readonly id = `${new Date().toISOString().replace(/[-:]|\..*$/g, '')}-${randomBytes(3).toString('hex')}`
  readonly failed = new Map<string, HostwrightError>()
  readonly unreachable = new Map<string, HostwrightError>()
  /** All plays so far, the one under way last. */
  readonly plays: Play[] = []
  /** The promises of plays that have not ended. */
  readonly underway = new Map<
    Promise<void>,
    { readonly name: string; readonly place: Place | undefined }
  >()
  readonly context: RunContext
  readonly limited: Set<string>
  /** All of the inventory, and the controller itself where a play names it. */
  readonly hosts: Map<string, InventoryHost>
  readonly #runtimes = new Map<string, HostRuntime>()
  /** This machine: a playbook changes it by itself, and asking it costs nothing. */
  readonly #local = new Set<string>()
  readonly #limit
  #stopped: HostwrightError | undefined

  constructor(readonly options: RunOptions) {
    const { inventory } = options
    this.#limit = pLimit(options.forks)
    this.hosts = new Map(inventory.hosts)
    const { becomePassword } = options.defaults
    if (becomePassword !== undefined) secret(becomePassword)
    this.limited = new Set(this.#limitNames())
    if (options.asked) childProcesses.subscribe(this.#onProcess)
    const board = new FactBoard((reason) => new UnknownSignal(reason))
    this.context = {
      mode: options.mode,
      board,
      tags: { only: options.tags, skip: options.skipTags },
      emit: options.emit,
      inventory: this.hosts,
      find: (host) => this.#find(host),
      seenTags: new Set(),
      runtime: (host, mode) => this.#runtime(host, mode ?? options.mode),
      observe: observer(this),
      asked: (host, user) => (this.#local.has(host) ? undefined : options.asked?.of(host, user)),
      changes: { made: 0 },
      fingerprint: options.fingerprint,
      mends: options.mends,
    }
  }

  /** The hosts of a pattern; `localhost` need not be in the inventory. */
  select(pattern: string): readonly InventoryHost[] {
    const { inventory, limit } = this.options
    const hosts = inventory.select(pattern)
    for (const host of hosts)
      if (!this.hosts.has(host.name)) {
        this.hosts.set(host.name, host)
        if (limit === undefined) this.limited.add(host.name)
      }
    return hosts
  }

  #find(name: string): InventoryHost | undefined {
    if (!this.hosts.has(name) && localNames.includes(name)) this.select(name)
    return this.hosts.get(name)
  }

  /** Whether any message has reached a host. */
  get touched(): boolean {
    return [...this.#runtimes.values()].some(({ session }) => session.touched)
  }

  roundTrips(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const { name, session } of this.#runtimes.values())
      counts.set(name, (counts.get(name) ?? 0) + session.roundTrips)
    return counts
  }

  /** Lets what is under way on the hosts end, and nothing new begin. */
  stop(error: HostwrightError): void {
    this.#stopped ??= error
    this.context.board.end(this.#stopped)
  }

  get stopped(): HostwrightError | undefined {
    return this.#stopped
  }

  /** Whether the user has asked for the end. */
  interrupted = false

  interrupt(signal: string): void {
    this.interrupted = true
    this.options.emit({
      type: 'note',
      level: 'warning',
      text: `${signal}: waiting for what runs on the hosts; press Ctrl-C again to leave it there`,
    })
    this.stop(
      new HostwrightError(
        'INTERRUPTED',
        `Cannot go on with the run: it was interrupted by ${signal}`,
      ),
    )
  }

  /** A program that the playbook runs here may change any host: `scp`, say. */
  readonly #onProcess = (message: unknown) => {
    if (isSpawningShell()) return
    const { changes } = this.context
    changes.made += 1
    ;(message as { readonly process: ChildProcess }).process.once(
      'exit',
      () => void (changes.made += 1),
    )
  }

  async close(): Promise<void> {
    childProcesses.unsubscribe(this.#onProcess)
    for (const { name, session, mode } of this.#runtimes.values())
      if (mode === 'run' && session.due.size > 0)
        this.options.emit({
          type: 'note',
          level: 'warning',
          host: name,
          text: `still due from an earlier run, and notified by nothing in this one: handler ${[...session.due].map((due) => `"${due}"`).join(', ')}`,
        })
    this.#keepAsked()
    await Promise.all(
      [...this.#runtimes.values()].map(async ({ session }) => await session.close()),
    )
  }

  /** A run that leaves tasks out, or has ended early on a host, has asked too little. */
  #keepAsked(): void {
    const { asked, tags, skipTags } = this.options
    if (!asked || tags.length + skipTags.length > 0 || this.stopped) return
    for (const { name, mode, prefetches } of this.#runtimes.values())
      if (mode !== 'observe' && !this.failed.has(name) && !this.unreachable.has(name))
        for (const [user, prefetch] of this.#local.has(name) ? [] : prefetches)
          asked.keep(name, user, prefetch.asked)
    asked.save()
  }

  /**
   * Refuses hosts whose key nobody has accepted, before any host is touched.
   * @throws HostwrightError HOST_KEY_UNKNOWN
   */
  async refuseUnknownKeys(hosts: readonly InventoryHost[]): Promise<void> {
    await Promise.all(
      hosts.map(async (host) => {
        const { connection, known } =
          this.#wires.get(this.#runtime(host.name, this.options.mode)) ?? {}
        if (known !== false || !connection) return
        try {
          await this.#limit(async () => await connection.shell())
        } catch (error) {
          if (error instanceof HostwrightError && error.code === 'HOST_KEY_UNKNOWN') throw error
        }
      }),
    )
  }

  readonly #wires = new Map<
    HostRuntime,
    { readonly connection: Connection; readonly known: boolean }
  >()

  #limitNames(): string[] {
    const { inventory, limit } = this.options
    const hosts = limit === undefined ? [...inventory.hosts.values()] : inventory.select(limit)
    if (hosts.length === 0 && limit !== undefined)
      throw new HostwrightError(
        'USAGE_INVALID',
        `Cannot limit the run to "${limit}": it matches no host`,
        {
          hint: 'see --list-hosts',
        },
      )
    return hosts.map(({ name }) => name)
  }

  #runtime(name: string, mode: Mode): HostRuntime {
    const key = mode === 'observe' ? `observe ${name}` : name
    let runtime = this.#runtimes.get(key)
    if (!runtime) this.#runtimes.set(key, (runtime = this.#create(name, mode)))
    return runtime
  }

  #create(name: string, mode: Mode): HostRuntime {
    const host = this.hosts.get(name)!
    const { defaults, playbook } = this.options
    const settings = connectionSettings(host, {
      ...(defaults.user !== undefined && { user: defaults.user }),
      ...(defaults.privateKey !== undefined && { privateKeyFile: defaults.privateKey }),
    })
    if (settings.kind === 'local') this.#local.add(name)
    const connection = connect(settings)
    const session = new Session(name, connection, {
      run: this.id,
      playbook,
      limit: this.#limit,
      assertGoing: () => {
        if (this.#stopped) throw this.#stopped
      },
      note: (on, text) => this.options.emit({ type: 'note', level: 'warning', host: on, text }),
    })
    const runtime = new HostRuntime(host, session, mode, this.context, (user) => ({
      ...(defaults.becomePassword !== undefined && { password: defaults.becomePassword }),
      ...becomeSettings(host),
      ...(user !== undefined && { user }),
    }))
    this.#wires.set(runtime, { connection, known: hasKnownKey(settings) })
    return runtime
  }
}
