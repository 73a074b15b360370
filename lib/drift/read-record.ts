import * as v from 'valibot'
import type { DriftRecord } from './types.js'

/** What the comparison relies on; a later version may add fields. */
const schema = v.looseObject({
  version: v.literal(1),
  run: v.string(),
  playbook: v.string(),
  time: v.string(),
  duration: v.number(),
  exitCode: v.number(),
  hosts: v.record(v.string(), v.looseObject({ state: v.picklist(['clean', 'drift', 'unknown']) })),
  findings: v.array(
    v.looseObject({
      id: v.string(),
      host: v.string(),
      task: v.string(),
      property: v.string(),
      state: v.picklist(['new', 'continuing', 'returned', 'resolved']),
      side: v.picklist(['host', 'code', 'both', 'unknown']),
      since: v.string(),
    }),
  ),
  fingerprints: v.custom<object>((input) => typeof input === 'object' && input !== null),
})

/** Reads a record; undefined where the text is cut off, or is none. */
export function readRecord(text: string): DriftRecord | undefined {
  try {
    const data: unknown = JSON.parse(text)
    return v.is(schema, data) ? (data as unknown as DriftRecord) : undefined
  } catch {
    return undefined
  }
}
