import type { Place } from '../core/place.js'

/**
 * What became of a finding since the last check: `resolved` is told once, by the check that no longer
 * finds it; `returned` was resolved before and is back.
 */
export type FindingState = 'new' | 'continuing' | 'returned' | 'resolved'

/** Which side has changed since the last check that knew; `unknown` where there was none. */
export type DriftSide = 'host' | 'code' | 'both' | 'unknown'

/** One property of one resource that is not as the playbook says. */
export interface Finding {
  /** Stable: made of host, role, task and property. */
  readonly id: string
  readonly host: string
  readonly role?: string
  /** For example `file /etc/hosts`. */
  readonly task: string
  readonly property: string
  /** As on the host; secrets show as `***`. */
  readonly from: string
  /** As the playbook says. */
  readonly to: string
  /** Whole texts, where the property is one. */
  readonly before?: string
  readonly after?: string
  readonly state: FindingState
  readonly side: DriftSide
  /** When it was first found, ISO 8601 in UTC; of one that returned, when it came back. */
  readonly since: string
  /** Where the task is written. */
  readonly place?: Place
  /** What the host tells of who and when: `modified 2026-03-01 12:00:00 UTC, owned by root`. */
  readonly evidence?: readonly string[]
}

/** `unknown`: the host was unreachable, or something kept the check from knowing. */
export type DriftHostState = 'clean' | 'drift' | 'unknown'

export interface DriftHost {
  readonly state: DriftHostState
  /** Why it is unknown. */
  readonly reason?: string
  /** Some of its tasks were not looked at: tags left them out, or they could not be known. */
  readonly partial?: true
  /** Messages exchanged with the host after login. */
  readonly roundTrips: number
  /** How many tasks were looked at, by role; those of no role under an empty name. */
  readonly tasks: Readonly<Record<string, number>>
}

/** What one check has found: one record of the history. */
export interface DriftRecord {
  readonly version: 1
  /** The id of the run. */
  readonly run: string
  /** The playbook's title. */
  readonly playbook: string
  /** What was given with `-i`, in its order; records of earlier versions do not say. */
  readonly inventory?: readonly string[]
  /** All hosts of the inventory, of which a check may look at a part. */
  readonly inventoryHosts?: readonly string[]
  /** When the check began, ISO 8601 in UTC. */
  readonly time: string
  /** Milliseconds. */
  readonly duration: number
  /** 0 no drift, 2 drift, 1 something kept the check from knowing. */
  readonly exitCode: number
  /** Why the check as a whole has ended early, or has looked at nothing. */
  readonly failure?: string
  /** Those of which a task was looked at, or could not be. */
  readonly hosts: Readonly<Record<string, DriftHost>>
  /** Resolved ones included. */
  readonly findings: readonly Finding[]
  /** Open ones of earlier checks that this one has not looked at, as they were told last. */
  readonly unseen?: readonly Finding[]
  /** Fingerprints by host and task: of the wish, and of what the host answered. */
  readonly fingerprints: Readonly<Record<string, Readonly<Record<string, Fingerprint>>>>
}

/** Salted hashes. */
export interface Fingerprint {
  readonly wish: string
  /** A word for each question: half of it of the question, half of the answer. */
  readonly state: string
}
