import { perform, type ContestantName, type Job, type Took } from './contestants.js'
import type { Cell } from './results.js'
import { changesOf } from './workloads.js'

export interface Rules {
  /** How often each contestant runs at most. */
  readonly runs: number
  /** Seconds after which a contestant gets no more runs of a job. */
  readonly budget: number
  /** Where files go, and a line on each run. */
  readonly folder: string
  readonly tell: (line: string) => void
}

/**
 * Lets contestants do a job in turns, so that what else happens on the machine meets them alike, until
 * each has its runs or has used up its time. A run that has done something else than the job ends all.
 *
 * @param before is done before each run, and not measured
 */
export async function takeTurns(
  { runs, budget, folder, tell }: Rules,
  names: readonly ContestantName[],
  job: Job,
  before: () => Promise<void> = async () => undefined,
): Promise<readonly Cell[]> {
  const done = new Map<ContestantName, Took[]>(names.map((name) => [name, []]))
  for (let turn = 0; turn < runs; turn += 1)
    for (const name of names) {
      const own = done.get(name) ?? []
      if (own.reduce((sum, { seconds }) => sum + seconds, 0) > budget) continue
      await before()
      const took = await perform(folder, name, job)
      checkChanges(name, job, took)
      own.push(took)
      const what = `${job.work} ${job.mode} on ${job.targets.length}`
      tell(`${what}: ${name} ${took.seconds.toFixed(2)} s, ${took.cpu.toFixed(2)} s of CPU`)
    }
  const { work, mode, targets } = job
  return [...done].map(([contestant, own]) => {
    return { work, mode, hosts: targets.length, contestant, runs: own }
  })
}

/** Nobody is fast by doing less. */
function checkChanges(name: ContestantName, { work, mode, targets }: Job, took: Took): void {
  const wanted = name === 'login' || mode !== 'first' ? 0 : changesOf(work) * targets.length
  if (took.changed !== wanted)
    throw new Error(`${name} has changed ${took.changed} of ${wanted} things in ${work} ${mode}`)
}
