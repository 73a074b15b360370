import { HostwrightError } from '../core/errors.js'
import type { Change, TaskEvent, TaskStatus } from '../report/events.js'
import type { Resource } from '../resources/types.js'
import type { View } from './view.js'

/** What became of a resource. */
export interface Ended {
  readonly status: TaskStatus
  readonly changes: readonly Change[]
  /** Why it is skipped or unknown. */
  readonly reason: string | undefined
}

/** What has become of the resources of one `ensure`; tells each as it ends. */
export class Outcomes {
  readonly #ended: (Ended | undefined)[] = []
  /** Of what was planned, where they are wanted. */
  readonly #fingerprints: Pick<TaskEvent, 'wish' | 'state'>[] = []
  #clock = performance.now()

  constructor(
    private readonly view: View,
    private readonly resources: readonly Resource<unknown>[],
  ) {}

  get(index: number): Ended | undefined {
    return this.#ended[index]
  }

  /** From here on it counts how long the next change takes. */
  startClock(): void {
    this.#clock = performance.now()
  }

  fingerprint(index: number, fingerprints: Pick<TaskEvent, 'wish' | 'state'>): void {
    this.#fingerprints[index] = fingerprints
  }

  settle(index: number, status: TaskStatus, changes: readonly Change[], reason?: string): void {
    this.#ended[index] = { status, changes, reason }
    this.#tell(this.resources[index]!, {
      status,
      changes,
      ...(reason !== undefined && { reason }),
      duration: status === 'changed' ? this.#lap() : 0,
      ...(status !== 'unknown' && this.#fingerprints[index]),
    })
  }

  /** Tells that a resource has failed; gives the error with all that is known of the place. */
  failed(resource: Resource<unknown>, error: unknown): HostwrightError {
    const { task, place } = resource
    const details = { host: this.view.name, role: this.view.role, task, place }
    const failure =
      error instanceof HostwrightError
        ? error.with(details)
        : new HostwrightError('TASK_FAILED', `Cannot plan ${task}: ${String(error)}`, {
            ...details,
            cause: error,
          })
    const { message: reason } = failure
    this.#tell(resource, { status: 'failed', changes: [], reason, duration: this.#lap() })
    return failure
  }

  #tell(
    { task, place }: Resource<unknown>,
    told: Pick<TaskEvent, 'status' | 'changes' | 'reason' | 'duration' | 'wish' | 'state'>,
  ): void {
    this.view.emit({ type: 'task', task, ...told, ...(place && { place }) })
  }

  #lap(): number {
    const before = this.#clock
    this.#clock = performance.now()
    return Math.round((this.#clock - before) * 10) / 10
  }
}
