import type { RunOptions, Run } from '../play/run.js'
import type { EventBody, Reporter } from '../report/events.js'

/** What makes a run more than the plain one of its command line. */
export interface Purpose extends Pick<RunOptions, 'fingerprint' | 'mends'> {
  readonly check?: boolean
  /** Takes the events too. */
  readonly reporter?: Reporter
  /**
   * Is called when all plays have ended and the hosts can still be asked; not after Ctrl-C.
   *
   * @returns the exit code
   */
  conclude?(end: RunEnd): Promise<number>
}

export interface RunEnd {
  readonly run: Run
  /** What has ended the playbook early. */
  readonly thrown: unknown
  /** When it began, in milliseconds. */
  readonly started: number
  readonly emit: (event: EventBody) => void
}

/**
 * Does with a playbook what its command does instead of running it once.
 *
 * @param inventories as given, in their order
 */
export type Instead = (
  playbook: string,
  inventories: readonly string[],
  run: (purpose: Purpose) => Promise<number>,
) => Promise<number>

/** A playbook is a script that calls `playbook()`: whoever has started it leaves word here. */
export const instead: { taken?: Instead | undefined } = {}
