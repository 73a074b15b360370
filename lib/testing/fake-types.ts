import type { Fact } from '../facts/fact.js'
import type { Host } from '../host/index.js'
import type { Vars } from '../inventory/types.js'
import type { TaskEvent } from '../report/events.js'
import type { Account, SystemFacts } from '../resources/probes/index.js'
import type { Query } from '../resources/types.js'
import type { RecordedHost } from './recorded.js'

/** A file of a fake host; a text stands for one with that content. */
export interface FakeFile {
  readonly content: string
  /** @default '0644' */
  readonly mode?: string
  /** @default 'root' */
  readonly owner?: string
  /** @default 'root' */
  readonly group?: string
}

/** A unit of a fake host. */
export interface FakeUnit {
  readonly active: boolean
  readonly enabled: boolean
}

/** What a command of a fake host gives; a text stands for one that prints it. */
export interface FakeCommand {
  /** @default '' */
  readonly stdout?: string
  /** @default '' */
  readonly stderr?: string
  /** @default 0 */
  readonly exitCode?: number
}

/** Another host, which has published facts. */
export interface FakePeer {
  readonly vars?: Vars
  readonly groups?: readonly string[]
  /** `[fact, value]`. */
  readonly facts?: readonly (readonly [Fact<unknown>, unknown])[]
}

/**
 * The state that is declared: what is not named is not there. Beside a recording only what is named
 * counts, and wins.
 */
export interface FakeHostOptions {
  /** What a real host has answered: see {@link recordHost}. */
  readonly recorded?: RecordedHost
  /** @default the recorded host's, or 'fake' */
  readonly name?: string
  /** Variables of the inventory: a role's parameters stand under its name. */
  readonly vars?: Vars
  readonly groups?: readonly string[]
  /** @default the recorded host's, or a Debian 12 with systemd */
  readonly system?: Partial<SystemFacts>
  readonly files?: Readonly<Record<string, string | FakeFile>>
  /** Besides those that the files are in and every system has: /etc, /var/lib, …. */
  readonly directories?: readonly string[]
  /** Names of installed packages. */
  readonly packages?: readonly string[]
  /** By name, `sshd` or `backup.timer`. */
  readonly units?: Readonly<Record<string, FakeUnit>>
  /** Besides root. */
  readonly users?: Readonly<Record<string, Partial<Account>>>
  /** What `host.$` with `readOnly` prints, by the command as it is sent. */
  readonly commands?: Readonly<Record<string, string | FakeCommand>>
  /** Answers to any other question: `[query, answer]`. */
  readonly answers?: readonly (readonly [Query, unknown])[]
  /** The other hosts of the play. */
  readonly peers?: Readonly<Record<string, FakePeer>>
}

/** No host: plans against the declared state, as check mode plans against a host's. */
export interface FakeHost extends Host {
  /** What was planned so far. */
  readonly tasks: readonly TaskEvent[]
}
