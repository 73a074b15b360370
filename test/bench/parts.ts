import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Lab } from '../../lib/lab/index.js'
import { perform, remove, site, type ContestantName, type Job } from './contestants.js'
import { processCounter } from './host-processes.js'
import { latencyProxy } from './latency-proxy.js'
import { measure, median } from './measure.js'
import { repository } from './repository.js'
import type { Cell, Part, PartName } from './results.js'
import { startSimulatedHosts } from './simulated.js'
import type { Target } from './targets.js'
import { takeTurns, type Rules } from './turns.js'
import type { Work } from './workloads.js'

export interface Bench extends Rules {
  readonly lab: Lab
  /** The hosts of the lab; none where no part needs them. */
  readonly targets: readonly Target[]
  /** Lets Ansible do W1 on ten hosts too, with and without Mitogen, which takes eight minutes. */
  readonly slow: boolean
  /** How many simulated hosts at most. */
  readonly simulated: number
}

type Measured = Pick<Part, 'cells' | 'figures'>

const everyone: readonly ContestantName[] = ['hostwright', 'ansible', 'mitogen', 'bare']

/** What is measured, part by part. */
export const parts: Readonly<Record<PartName, (bench: Bench) => Promise<Measured>>> = {
  /** How long it takes until a program can begin. */
  async start({ runs, folder }) {
    const { own, tsx, playbook } = repository(folder)
    const empty = join(own, 'empty.ts')
    await writeFile(empty, 'export {}\n')
    const checkout = fileURLToPath(new URL('../..', import.meta.url))
    const inCheckout = (name: string) => join(checkout, name)
    const figures = await inTurns(runs, {
      'node -e 0': timed(own, process.execPath, '-e', '0'),
      'node, ssh2 loaded': timed(own, process.execPath, '-e', 'require("ssh2")'),
      'an empty program, tsx': timed(own, tsx, empty),
      'playbook --help, tsx': timed(own, tsx, playbook, '--help'),
      'playbook --help, npx tsx': timed(own, 'npx', 'tsx', playbook, '--help'),
      'the same in the checkout, whose library is not bundled': timed(
        checkout,
        inCheckout('node_modules/.bin/tsx'),
        inCheckout('test/bench/playbook.ts'),
        '--help',
      ),
    })
    return { cells: [], figures }
  },

  /** All modes of W1 on one host, and what is left of it without start-up. */
  async w1(bench) {
    const one = bench.targets.slice(0, 1)
    const job = { work: 'w1', targets: one } as const
    const clear = async () => await remove(bench.folder, one)
    const first = await takeTurns(bench, everyone, { ...job, mode: 'first' }, clear)
    await settle(bench, 'w1', one)
    const everything = [...everyone, 'login'] as const
    const converged = await takeTurns(bench, everything, { ...job, mode: 'converged' })
    const check = await takeTurns(bench, everyone, { ...job, mode: 'check' })
    const figures = await withoutStart(bench, { ...job, mode: 'converged' })
    return { cells: [...first, ...converged, ...check], figures }
  },

  /** W2 converged on more and more hosts, and what one more costs the controller. */
  async w2(bench) {
    const cells: Cell[] = []
    for (const targets of groups(bench.targets, [1, 5, 20, 50])) {
      await settle(bench, 'w2', targets)
      const job = { work: 'w2', mode: 'converged', targets } as const
      cells.push(...(await takeTurns(bench, [...everyone, 'login'], job)))
    }
    return { cells, figures: await millisecondsPerHost(bench) }
  },

  /** W1 on ten and fifty hosts. */
  async fleet(bench) {
    const cells: Cell[] = []
    for (const targets of groups(bench.targets, [10, 50])) {
      const all = bench.slow && targets.length === 10
      const names = all ? everyone : (['hostwright', 'bare'] as const)
      const job = { work: 'w1', targets } as const
      const clear = async () => await remove(bench.folder, targets)
      cells.push(...(await takeTurns(bench, names, { ...job, mode: 'first' }, clear)))
      await settle(bench, 'w1', targets)
      cells.push(...(await takeTurns(bench, names, { ...job, mode: 'converged' })))
    }
    return { cells }
  },

  /** How the cost grows with resources. */
  async resources(bench) {
    const one = bench.targets.slice(0, 1)
    const cells: Cell[] = []
    for (const work of ['w2', 'w1', 'w1x3', 'w1x10'] as const) {
      await settle(bench, work, one)
      const job = { work, mode: 'converged', targets: one } as const
      cells.push(...(await takeTurns(bench, ['hostwright', 'bare'], job)))
    }
    return { cells }
  },

  /** Processes and threads that W1 converged starts on its host. */
  async processes(bench) {
    const one = bench.targets.slice(0, 1)
    await settle(bench, 'w1', one)
    const counter = processCounter(bench.lab.sshCommand(one[0]?.name ?? ''))
    const counts = new Map<string, number[]>()
    for (const name of [...everyone, 'login'] as const)
      for (let turn = 0; turn < (name === 'ansible' || name === 'mitogen' ? 1 : 3); turn += 1) {
        const before = await counter.newest()
        await perform(bench.folder, name, { work: 'w1', mode: 'converged', targets: one })
        counts.set(name, [...(counts.get(name) ?? []), (await counter.newest()) - before])
        bench.tell(`processes on the host: ${name} ${counts.get(name)?.at(-1)}`)
      }
    counter.close()
    return { cells: [], figures: Object.fromEntries(medians(counts)) }
  },

  /** W1 converged over longer and longer wires. */
  async latency(bench) {
    const [target] = bench.targets
    const cells: Cell[] = []
    await settle(bench, 'w1', bench.targets.slice(0, 1))
    for (const delay of [0, 10, 25, 50]) {
      const proxy = await latencyProxy(target!, delay)
      const targets = [{ ...target!, address: '127.0.0.1', port: proxy.port }]
      const job = { work: 'w1', mode: 'converged', targets } as const
      bench.tell(`${delay} ms each way`)
      const taken = await takeTurns(bench, ['hostwright', 'bare', 'login'], job)
      cells.push(...taken.map((cell) => ({ ...cell, delay })))
      proxy.close()
    }
    return { cells }
  },

  /** W2 on many hosts that one process simulates. */
  async simulated(bench) {
    const cells: Cell[] = []
    for (const count of [100, 300, 1000].filter((most) => most <= bench.simulated)) {
      const folder = join(bench.folder, `simulated${count}`)
      const { targets, close } = await startSimulatedHosts(folder, count)
      try {
        const job = { work: 'w2', targets, memory: true } as const
        const few = { ...bench, runs: Math.min(bench.runs, 3) }
        const first = { ...job, mode: 'first' } as const
        cells.push(...(await takeTurns({ ...few, runs: 1 }, ['hostwright'], first)))
        const converged = { ...job, mode: 'converged' } as const
        cells.push(...(await takeTurns(few, ['hostwright', 'bare'], converged)))
      } finally {
        await close()
      }
    }
    return { cells }
  },

  /** site.ts on the two hosts of inventories/lab, which have to be up, and converged by it before. */
  async w3({ runs, tell }) {
    const figures = new Map<string, number[]>()
    const add = (name: string, value: number) =>
      figures.set(name, [...(figures.get(name) ?? []), value])
    for (let turn = 0; turn < runs; turn += 1)
      for (const mode of ['run', 'check'] as const) {
        const { seconds, cpu, roundTrips = NaN, changed } = await site(mode === 'check')
        if (changed > 0) throw new Error(`site.ts has changed ${changed}: run it before`)
        add(`seconds, ${mode}`, seconds)
        add(`CPU of the controller, ${mode}`, cpu)
        add(`round trips, ${mode}`, roundTrips)
        tell(`site.ts ${mode}: ${seconds.toFixed(2)} s`)
      }
    return { cells: [], figures: Object.fromEntries(medians(figures)) }
  },
}

/** Makes a work so, and lets Hostwright see it once more, as it would have in earlier runs. */
async function settle(bench: Bench, work: Work, targets: readonly Target[]): Promise<void> {
  const job: Omit<Job, 'mode'> = { work, targets }
  await perform(bench.folder, 'hostwright', { ...job, mode: 'first' })
  await perform(bench.folder, 'hostwright', { ...job, mode: 'converged' })
}

/** The first hosts, as many as each size says; sizes that there are too few for are left out. */
function groups(targets: readonly Target[], sizes: readonly number[]): readonly Target[][] {
  return sizes.filter((size) => size <= targets.length).map((size) => targets.slice(0, size))
}

/** How often what is a small difference of large figures is measured. */
const turns = 15

/** Medians of what is measured by turns, so that what else happens on the machine meets all alike. */
async function inTurns(
  runs: number,
  measures: Readonly<Record<string, () => Promise<number>>>,
): Promise<Readonly<Record<string, number>>> {
  const taken = new Map<string, number[]>()
  for (let turn = 0; turn < runs; turn += 1)
    for (const [name, take] of Object.entries(measures))
      taken.set(name, [...(taken.get(name) ?? []), await take()])
  return Object.fromEntries(medians(taken))
}

/**
 * The seconds that a command takes.
 *
 * @param cwd tsx takes its settings from there, also what stands for `hostwright`
 */
function timed(cwd: string, ...command: readonly string[]): () => Promise<number> {
  return async () => (await measure(command, { cwd })).seconds
}

/** Seconds of a job less those of a program that only loads what takes part in it. */
async function withoutStart(bench: Bench, job: Job): Promise<Readonly<Record<string, number>>> {
  const { own, tsx, loaded } = repository(bench.folder)
  const less = (name: ContestantName, start: () => Promise<number>) => async () =>
    (await perform(bench.folder, name, job)).seconds - (await start())
  const figures = await inTurns(turns, {
    hostwright: less('hostwright', timed(own, tsx, loaded)),
    bare: less('bare', timed(own, process.execPath, '-e', 'require("ssh2")')),
  })
  bench.tell(`without start-up: ${JSON.stringify(figures)}`)
  return figures
}

/** CPU milliseconds of the controller that one more host costs in W2, without what starting costs. */
async function millisecondsPerHost(bench: Bench): Promise<Readonly<Record<string, number>>> {
  const { folder, targets, tell } = bench
  const cost = (name: ContestantName) => async () => {
    const cpu = async (hosts: readonly Target[]) =>
      (await perform(folder, name, { work: 'w2', mode: 'converged', targets: hosts })).cpu
    const one = await cpu(targets.slice(0, 1))
    return (((await cpu(targets)) - one) * 1000) / (targets.length - 1)
  }
  const names = ['hostwright', 'bare', 'login'] as const
  const figures = await inTurns(turns, Object.fromEntries(names.map((name) => [name, cost(name)])))
  tell(`CPU milliseconds for one more host: ${JSON.stringify(figures)}`)
  return figures
}

function medians(all: ReadonlyMap<string, readonly number[]>): [string, number][] {
  return [...all].map(([name, numbers]) => [name, median(numbers)])
}
