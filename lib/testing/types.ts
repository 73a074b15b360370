import type { Host } from '../host/index.js'
import type { RemoteShell } from '../host/index.js'
import type { Lab } from '../lab/index.js'
import type { HostwrightEvent } from '../report/events.js'

/** What is tested, and where. */
export interface TestRoleOptions {
  /** The hosts. Each of them is booted blank. */
  readonly lab: Lab
  /** Which of them the play is for. @default 'all' */
  readonly hosts?: string
  /** Work with root's rights, or another user's. Hosts of a lab are logged in to as root. @default false */
  readonly become?: boolean | string
  /** What a play of a playbook would do on each host. */
  readonly play: (host: Host) => Promise<unknown>
  /** Leaves the hosts there when all is done. @default true with `--keep` or HOSTWRIGHT_KEEP=1 */
  readonly keep?: boolean
}

/**
 * A host of the test, for assertions: nothing is changed on it. `ensure` says with `changed` whether
 * something is not as given, and `$` runs commands as if they all were `readOnly`.
 */
export interface TestHost extends Omit<Host, '$'> {
  readonly $: RemoteShell
}

/** Hosts on which a role has been tested, until they are closed. */
export interface TestedRole {
  /** @throws HostwrightError USAGE_INVALID for one that the play was not for */
  host(name: string): TestHost
  /** What the runs told: in check mode on blank hosts, for real, and again. */
  readonly events: {
    readonly check: readonly HostwrightEvent[]
    readonly first: readonly HostwrightEvent[]
    readonly second: readonly HostwrightEvent[]
  }
  /** Takes the lab down, where it is not to be kept. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
