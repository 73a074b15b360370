/** What a record says besides what was seen. */
export interface CheckedRun {
  readonly run: string
  readonly playbook: string
  /** When it began, ISO 8601 in UTC. */
  readonly time: string
  /** Milliseconds. */
  readonly duration: number
  /** Why the whole of it has ended early. */
  readonly failure?: string | undefined
  /** The hosts of the inventory: what was found on one that has gone from it is resolved. @default any */
  readonly inventory?: ReadonlyMap<string, unknown>
  readonly roundTrips: ReadonlyMap<string, number>
}
