import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { writeWhole } from '../core/write-whole.js'
import { readRecord } from './read-record.js'
import type { DriftRecord } from './types.js'

/** The records of a playbook's drift checks. */
export interface History {
  /** The newest first; each is read when it is come to. Records that are not whole are told and left out. */
  records(): Iterable<DriftRecord>
  /**
   * Keeps a record, and of all records the newest.
   *
   * @throws HostwrightError USAGE_INVALID where it cannot be written
   */
  add(record: DriftRecord): void
}

export interface HistoryOptions {
  readonly folder: string
  /** How many records are kept. @default 400, and up to 1,500 that take no more than 256 MB */
  readonly keep?: number | undefined
  /** Takes what is to be known about records that are left out. */
  readonly note: (text: string) => void
}

/** Of small records those of 60 days of hourly checks are kept, which the report shows. */
const defaults = { least: 400, most: 1_500, bytes: 256_000_000 }

/** Milliseconds after which what a killed check has left is removed. */
const leftover = 3_600_000

/** Opens a folder of records: a file each, named by when it was written, so that names sort by age. */
export function openHistory({ folder, keep, note }: HistoryOptions): History {
  const told = new Set<string>()
  const names = () =>
    listed(folder)
      .filter((name) => /^\d.*\.json$/.test(name))
      .toSorted()
  return {
    *records() {
      for (const name of names().toReversed()) {
        const text = textOf(join(folder, name))
        const record = text === undefined ? undefined : readRecord(text)
        if (record) yield record
        else if (text !== undefined && !told.has(name)) {
          told.add(name)
          note(`record "${join(folder, name)}" is not whole, and is left out`)
        }
      }
    },
    add(record) {
      const now = new Date().toISOString().replace(/[-:.]/g, '')
      const name = `${now}-${record.run.split('-').at(-1) ?? ''}.json`
      try {
        writeWhole(join(folder, name), `${JSON.stringify(record)}\n`, 0o600)
      } catch (error) {
        throw new HostwrightError(
          'USAGE_INVALID',
          `Cannot keep record "${join(folder, name)}": ${error instanceof Error ? error.message : String(error)}`,
          { hint: 'Run it in a directory that you can write to', cause: error },
        )
      }
      for (const old of tooMany(folder, names().toReversed(), keep))
        rmSync(join(folder, old), { force: true })
      removeLeftovers(folder)
    },
  }
}

/** @param names the newest first */
function tooMany(folder: string, names: readonly string[], keep: number | undefined) {
  if (keep !== undefined) return names.slice(keep)
  let bytes = 0
  return names.filter((name, at) => {
    bytes += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0
    return at >= defaults.most || (at >= defaults.least && bytes > defaults.bytes)
  })
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Undefined where another check has just removed it. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** A check that was killed while it wrote has left a hidden file. */
function removeLeftovers(folder: string): void {
  for (const name of listed(folder)) {
    const file = join(folder, name)
    const changed = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity
    if (/^\..*\.json\./.test(name) && Date.now() - changed > leftover) rmSync(file, { force: true })
  }
}
