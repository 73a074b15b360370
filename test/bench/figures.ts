import type { ContestantName, Mode, Took } from './contestants.js'
import { median } from './measure.js'
import type { PartName, Results } from './results.js'
import type { Work } from './workloads.js'

/** Which runs are meant. */
export interface Which {
  readonly work: Work
  readonly mode: Mode
  readonly hosts: number
  readonly contestant: ContestantName
  /** @default 0 */
  readonly delay?: number
}

/** The runs of a contestant at a job; none where it was not measured. */
export function runsOf(results: Results, part: PartName, which: Which): readonly Took[] {
  const found = results.parts[part]?.cells.find(
    (cell) =>
      cell.work === which.work &&
      cell.mode === which.mode &&
      cell.hosts === which.hosts &&
      cell.contestant === which.contestant &&
      (cell.delay ?? 0) === (which.delay ?? 0),
  )
  return found?.runs ?? []
}

/** The median of one figure over the runs; not a number where it was not measured. */
export function medianOf(
  results: Results,
  part: PartName,
  which: Which,
  figure: Exclude<keyof Took, 'changed'> = 'seconds',
): number {
  return median(runsOf(results, part, which).flatMap((took) => took[figure] ?? []))
}

/** A median of one part's single figures. */
export function figureOf(results: Results, part: PartName, name: string): number {
  return results.parts[part]?.figures?.[name] ?? NaN
}

/** CPU seconds of the controller that one more host costs in W2, without what starting costs. */
export function cpuPerHost(results: Results, contestant: ContestantName, most: number): number {
  const of = (hosts: number) => {
    const which = { work: 'w2', mode: 'converged', hosts, contestant } as const
    return medianOf(results, 'w2', which, 'cpu')
  }
  // What is not measured by itself costs so much that a few runs show it.
  const milliseconds = results.parts.w2?.figures?.[contestant]
  return milliseconds === undefined ? (of(most) - of(1)) / (most - 1) : milliseconds / 1000
}

/** Round trips of W1 converged, login and all, from how much longer it takes with 25 ms each way. */
export function roundTripsByDelay(results: Results, contestant: ContestantName): number {
  const of = (delay: number) => {
    const which = { work: 'w1', mode: 'converged', hosts: 1, contestant, delay } as const
    return medianOf(results, 'latency', which)
  }
  return (of(25) - of(0)) / 0.05
}

/** Seconds of W1 converged without start-up: less what a program takes that only loads as much. */
export function withoutStart(results: Results, contestant: 'hostwright' | 'bare'): number {
  return figureOf(results, 'w1', contestant)
}
