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
  /** What was given with `-i`. */
  readonly inventory?: readonly string[]
  /** What was found on a host that is not among them any more is resolved. @default any */
  readonly inventoryHosts?: readonly string[]
  readonly roundTrips: ReadonlyMap<string, number>
}
