import type { Vars } from '../inventory/types.js'
import type { Fact } from '../facts/fact.js'
import type { Change, TaskStatus } from '../report/events.js'
import type { Handler, Resource } from '../resources/types.js'
import type { SystemFacts } from '../resources/probes/system.js'
import type { RemoteShell } from './remote-shell.js'

/** What `ensure` says of one resource. */
export interface Result<Output> {
  readonly status: TaskStatus
  /** Whether it changed or, in check mode, would change. */
  readonly changed: boolean
  readonly changes: readonly Change[]
  /** In check mode this may not be known; using it then ends the role as *unknown*. */
  readonly output: Output
}

export type Results<R extends readonly Resource<unknown>[]> = {
  readonly [K in keyof R]: R[K] extends Resource<infer Output> ? Result<Output> : never
}

/** Another host, as far as this one may look at it. */
export interface Peer {
  readonly name: string
  readonly vars: Vars
  readonly groups: readonly string[]
  /**
   * Waits until the peer publishes the fact. A host that a run leaves out (`--limit`, `serial`) is
   * read for it, without a change.
   *
   * @throws HostwrightError FACT_PUBLISHER_FAILED, FACT_NOT_PUBLISHED, FACT_CIRCLE: at once, when the
   *   wait can't end
   */
  fact<T>(fact: Fact<T>): Promise<T>
}

/** A host in a play. */
export interface Host {
  readonly name: string
  readonly vars: Vars
  readonly groups: readonly string[]
  /** True where nothing is changed: check mode, or a host that is only read for its facts. */
  readonly check: boolean
  /** The names of all hosts of the play, in inventory order; `--limit` and failures take none away. */
  readonly hosts: readonly string[]
  /**
   * Makes resources so, in order. Costs one round trip when all are.
   *
   * @throws HostwrightError of the first that failed
   * @example
   * const [conf] = await host.ensure([file({ path: '/etc/motd', content: 'hello\n' })])
   * conf.changed
   */
  ensure<Output>(resource: Resource<Output>): Promise<Result<Output>>
  ensure<const R extends readonly Resource<unknown>[]>(resources: R): Promise<Results<R>>
  /** Runs a command on the host; see {@link RemoteShell}. */
  readonly $: RemoteShell
  /** Facts about the system, gathered once. */
  facts(): Promise<SystemFacts>
  /** Gives a fact to the other hosts. */
  publish<T>(fact: Fact<T>, value: T | Promise<T>): Promise<void>
  /** @throws HostwrightError INVENTORY_INVALID for a name that the inventory does not have */
  peer(name: string): Peer
  /** The same run on another host (Ansible's delegate_to). */
  delegateTo(name: string): Host
  /** The same host with other rights (Ansible's become_user). */
  as(user: string): Host
  /** Runs on the play's first host only; every host gets the result (Ansible's run_once). */
  runOnce<T>(name: string, work: (host: Host) => Promise<T>): Promise<T>
  /** Tells the user something, in the output and the record. */
  note(text: string): void
  /** Has a handler run at the end of the play. */
  notify(handler: Handler<Host>): void
  /** Runs the handlers that are due now. */
  flushHandlers(): Promise<void>
}

/**
 * Names something to do once at the end of a play if a change asks for it with `notify`.
 *
 * @example
 * const restart = handler('restart nginx', async (host) => {
 *   await host.ensure(service({ name: 'nginx', state: 'restarted' }))
 * })
 */
export function handler(name: string, run: (host: Host) => Promise<unknown>): Handler<Host> {
  return Object.freeze({ name, run })
}
