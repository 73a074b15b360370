import type { ContestantName, Mode } from './contestants.js'
import { cpuPerHost, figureOf, medianOf, roundTripsByDelay, withoutStart } from './figures.js'
import type { PartName, Results } from './results.js'
import type { Work } from './workloads.js'

/** What is to be shown, and whether it is. */
export interface Goal {
  readonly what: string
  readonly measured: number
  readonly unit: string
  /** What it is to be: at least, or at most. */
  readonly least?: number
  readonly most?: number
}

/** Whether it holds; nothing where it was not measured. */
export function holds({ measured, least = -Infinity, most = Infinity }: Goal): boolean | undefined {
  return Number.isNaN(measured) ? undefined : measured >= least && measured <= most
}

/** All that Hostwright's speed is to be like. */
export function goalsOf(results: Results): readonly Goal[] {
  const took = (
    part: PartName,
    work: Work,
    mode: Mode,
    hosts: number,
    contestant: ContestantName,
  ) => medianOf(results, part, { work, mode, hosts, contestant })
  const faster = (peer: ContestantName, mode: Mode) =>
    took('w1', 'w1', mode, 1, peer) / took('w1', 'w1', mode, 1, 'hostwright')
  const trips = (mode: Mode) => {
    const which = { work: 'w1', mode, hosts: 1, contestant: 'hostwright' } as const
    return medianOf(results, 'w1', which, 'roundTrips')
  }
  const fifty = (peer: ContestantName) => took('w2', 'w2', 'converged', 50, peer)
  const thousand = {
    work: 'w2',
    mode: 'converged',
    hosts: 1000,
    contestant: 'hostwright',
  } as const
  const times = { unit: 'times' }
  return [
    ...(['first', 'converged', 'check'] as const).flatMap((mode): Goal[] => [
      {
        ...times,
        what: `W1 ${mode}: faster than ansible`,
        least: 30,
        measured: faster('ansible', mode),
      },
      {
        ...times,
        what: `W1 ${mode}: faster than Mitogen`,
        least: mode === 'first' ? 6 : 8,
        measured: faster('mitogen', mode),
      },
    ]),
    {
      ...times,
      what: 'W1 converged without start-up, of login and one merged probe',
      most: 1.5,
      measured: withoutStart(results, 'hostwright') / withoutStart(results, 'bare'),
    },
    {
      unit: 'round trips',
      what: 'W1 converged, after the login',
      most: 2,
      measured: trips('converged'),
    },
    {
      unit: 'round trips',
      what: 'W1 first run, after the login',
      most: 10,
      measured: trips('first'),
    },
    {
      unit: 'round trips',
      what: 'W1 converged over login, by its growth with 25 ms each way',
      most: 2,
      measured: roundTripsByDelay(results, 'hostwright') - roundTripsByDelay(results, 'login'),
    },
    {
      unit: 'round trips',
      what: 'W3: site.ts converged, of both hosts the most',
      most: 4,
      measured: figureOf(results, 'w3', 'round trips, run'),
    },
    {
      unit: 'processes',
      what: 'W1 converged, on the host, beside those of the login',
      most: 15,
      measured:
        figureOf(results, 'processes', 'hostwright') - figureOf(results, 'processes', 'login'),
    },
    {
      ...times,
      what: 'W1 converged on 50 hosts, of the bare script',
      most: 2,
      measured:
        took('fleet', 'w1', 'converged', 50, 'hostwright') /
        took('fleet', 'w1', 'converged', 50, 'bare'),
    },
    {
      ...times,
      what: 'W2 on 50 hosts: faster than ansible',
      least: 30,
      measured: fifty('ansible') / fifty('hostwright'),
    },
    {
      ...times,
      what: 'W2 on 50 hosts: faster than Mitogen',
      least: 16,
      measured: fifty('mitogen') / fifty('hostwright'),
    },
    {
      ...times,
      what: 'W2 on 50 hosts, of the bare script',
      most: 1.6,
      measured: fifty('hostwright') / fifty('bare'),
    },
    {
      ...times,
      what: 'CPU of the controller for one more host, of the login’s',
      most: 1.5,
      measured: cpuPerHost(results, 'hostwright', 50) / cpuPerHost(results, 'login', 50),
    },
    {
      unit: 'MB',
      what: 'W2 on 1,000 simulated hosts: the controller’s memory',
      most: 1500,
      measured: medianOf(results, 'simulated', thousand, 'memory'),
    },
  ]
}
