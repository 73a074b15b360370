import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ContestantName, Mode, Took } from './contestants.js'
import type { Work } from './workloads.js'

/** The runs of one contestant at one job. */
export interface Cell {
  readonly work: Work
  readonly mode: Mode
  readonly hosts: number
  readonly contestant: ContestantName
  /** Milliseconds that everything takes longer, each way. @default 0 */
  readonly delay?: number
  readonly runs: readonly Took[]
}

/** One part of the bench, as it was measured last. */
export interface Part {
  readonly date: string
  /** The machine's load of the last minute when it began. */
  readonly load: number
  /** How much of the processors others used when it began, 0 to 1. */
  readonly busy: number
  readonly cells: readonly Cell[]
  /** Medians of single figures, by name. */
  readonly figures?: Readonly<Record<string, number>>
}

export const partNames = [
  'start',
  'w1',
  'w2',
  'fleet',
  'resources',
  'processes',
  'latency',
  'simulated',
  'w3',
] as const
export type PartName = (typeof partNames)[number]

export interface Results {
  readonly machine: Readonly<Record<string, string>>
  readonly parts: Readonly<Partial<Record<PartName, Part>>>
}

const file = fileURLToPath(new URL('results.json', import.meta.url))

/** What was measured before; nothing where there is none. */
export function readResults(): Results {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Results
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { machine: {}, parts: {} }
  }
}

/** Keeps a part beside the others. */
export function keepPart(machine: Results['machine'], name: PartName, part: Part): void {
  const { parts } = readResults()
  const text = JSON.stringify({ machine, parts: { ...parts, [name]: part } }, rounded, 2)
  // A run stands on one line.
  const compact = text.replace(/\{\s+("seconds"[^{}]*?)\s+\}/g, (_, run: string) => {
    return `{ ${run.replace(/\s+/g, ' ')} }`
  })
  writeFileSync(file, `${compact}\n`)
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value
}
