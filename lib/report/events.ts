import type { ErrorCode } from '../core/errors.js'
import type { Place } from '../core/place.js'
import type { DriftRecord } from '../drift/types.js'

/** `unknown`: check mode can't know, because an earlier change has not been made. */
export type TaskStatus = 'ok' | 'changed' | 'failed' | 'skipped' | 'unknown'

/** One property of a resource that is not as wished; secrets show as `***`. */
export interface Change {
  readonly property: string
  readonly from: string
  readonly to: string
  /** Whole texts for `--diff`, where the property is one. */
  readonly before?: string
  readonly after?: string
}

/** A {@link HostwrightError} as data. */
export interface ErrorRecord {
  readonly code: ErrorCode
  readonly message: string
  readonly host?: string
  readonly role?: string
  readonly task?: string
  readonly place?: Place
  readonly command?: string
  readonly exitCode?: number
  readonly stderr?: string
  readonly hint?: string
  readonly cause?: ErrorRecord | { readonly message: string }
}

export interface HostRecap {
  readonly ok: number
  readonly changed: number
  readonly unreachable: number
  readonly failed: number
  readonly skipped: number
  readonly unknown: number
  /** Messages exchanged with the host after login. */
  readonly roundTrips: number
}

interface Stamp {
  /** ISO 8601, UTC. */
  readonly time: string
}
interface OnHost extends Stamp {
  readonly host: string
  readonly role?: string
}

export interface RunEvent extends Stamp {
  readonly type: 'run'
  readonly run: string
  readonly playbook: string
  readonly check: boolean
  readonly hosts: readonly string[]
}
export interface PlayEvent extends Stamp {
  readonly type: 'play'
  readonly play: string
  readonly hosts: readonly string[]
}
/** A host has begun something that may take long. */
export interface StartEvent extends OnHost {
  readonly type: 'start'
  readonly task: string
}
/** What a `start` told of has ended, where no `task` tells so: a command of `host.$`. */
export interface EndEvent extends OnHost {
  readonly type: 'end'
  readonly task: string
}
export interface TaskEvent extends OnHost {
  readonly type: 'task'
  /** For example `file /etc/hosts`. */
  readonly task: string
  readonly status: TaskStatus
  readonly changes: readonly Change[]
  /** Why it is skipped or unknown. */
  readonly reason?: string
  /** Milliseconds; a batch's time is shared among the tasks that changed in it. */
  readonly duration: number
  readonly place?: Place
  readonly handler?: boolean
  /** In a drift check, of what was looked at: fingerprints of the wish, and of what was answered. */
  readonly wish?: string
  readonly state?: string
}
/** A piece of a running command's output, whole lines, secrets taken out. */
export interface OutputEvent extends OnHost {
  readonly type: 'output'
  readonly task: string
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}
export interface FactEvent extends OnHost {
  readonly type: 'fact'
  readonly fact: string
  readonly value: unknown
}
/** Something has been looked at, and holds or does not. */
export interface CheckEvent extends OnHost {
  readonly type: 'check'
  readonly check: string
  readonly result: 'passed' | 'failed' | 'skipped'
  /** Milliseconds. */
  readonly duration: number
  /** Why it is skipped. */
  readonly reason?: string
  /** Why it failed: what came back, and what to do. */
  readonly error?: ErrorRecord
}
/** Something that is not an error and that the user should know. */
export interface NoteEvent extends Stamp {
  readonly type: 'note'
  readonly level: 'info' | 'warning'
  readonly text: string
  readonly host?: string
}
/** A host's play has ended here; `unreachable` tells it from a failed task. */
export interface FailureEvent extends OnHost {
  readonly type: 'failure'
  readonly unreachable: boolean
  readonly error: ErrorRecord
}
/** A drift check has been compared with the earlier ones. */
export interface DriftEvent extends Stamp {
  readonly type: 'drift'
  readonly record: DriftRecord
}
export interface RecapEvent extends Stamp {
  readonly type: 'recap'
  readonly run: string
  readonly playbook: string
  readonly check: boolean
  readonly exitCode: number
  /** Milliseconds. */
  readonly duration: number
  readonly hosts: Readonly<Record<string, HostRecap>>
}

/** All that a run tells; `--output json` writes one on a line, and every reporter reads only these. */
export type HostwrightEvent =
  | RunEvent
  | PlayEvent
  | StartEvent
  | EndEvent
  | TaskEvent
  | OutputEvent
  | FactEvent
  | CheckEvent
  | NoteEvent
  | FailureEvent
  | DriftEvent
  | RecapEvent

/** An event without its time stamp, as the engine hands it over. */
export type EventBody = HostwrightEvent extends infer E
  ? E extends Stamp
    ? Omit<E, 'time'>
    : never
  : never

/** Takes the events of a run. */
export interface Reporter {
  event(event: HostwrightEvent): void
  /** Called once, after the last event. */
  close?(): void
}
