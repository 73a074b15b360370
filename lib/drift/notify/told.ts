import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { writeWhole } from '../../core/write-whole.js'

const schema = v.record(
  v.string(),
  v.object({
    open: v.array(v.string()),
    unknown: v.array(v.string()),
    failure: v.optional(v.string()),
    summary: v.optional(v.string()),
  }),
)

/**
 * What each receiver has been told last: the ids of open findings, unknown hosts, why the check failed, the
 * summary's day.
 */
export type Told = v.InferOutput<typeof schema>

/** Reads what has been told; what cannot be read has not been told. */
export function readTold(folder: string, note: (text: string) => void): Told {
  const file = join(folder, 'told')
  try {
    return v.parse(schema, JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      note(`"${file}" cannot be read: what is open is told once more`)
    return {}
  }
}

export function writeTold(folder: string, told: Told): void {
  writeWhole(join(folder, 'told'), `${JSON.stringify(told)}\n`, 0o600)
}
