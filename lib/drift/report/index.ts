import { accessSync, constants, statSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { HostwrightError } from '../../core/errors.js'
import { readReason } from '../../core/read-reason.js'
import { writeWhole } from '../../core/write-whole.js'
import type { DriftRecord } from '../types.js'
import { driftJunit } from './junit.js'
import { driftMarkdown } from './markdown.js'
import { driftMetrics } from './metrics.js'

/** Makes a report of the newest record; `all` are all records, the newest first. */
type Writer = (record: DriftRecord, all: Iterable<DriftRecord>) => string

const writers: Readonly<Record<string, Writer>> = {
  '.json': (record) => `${JSON.stringify(record, undefined, 2)}\n`,
  '.md': driftMarkdown,
  '.prom': driftMetrics,
  '.xml': driftJunit,
}

/**
 * Refuses a report that could not be written, before a host is touched.
 *
 * @throws HostwrightError USAGE_INVALID
 */
export function assertReport(file: string): void {
  const fail = (why: string, hint: string): never => {
    throw new HostwrightError('USAGE_INVALID', `Cannot write report "${file}": ${why}`, { hint })
  }
  if (!(extname(file) in writers))
    fail(
      `its ending "${extname(file)}" stands for no report`,
      `The endings are ${Object.keys(writers).join(', ')}`,
    )
  try {
    accessSync(dirname(file), constants.W_OK)
  } catch (error) {
    fail(`folder "${dirname(file)}": ${readReason(error)}`, 'Give a folder that you can write to')
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
    fail('it is a directory', 'Give the name of a file')
}

/** Writes a report as a whole, in the form that its ending says. */
export async function writeReport(
  file: string,
  record: DriftRecord,
  all: Iterable<DriftRecord>,
): Promise<void> {
  try {
    await writeWhole(file, writers[extname(file)]?.(record, all) ?? '')
  } catch (error) {
    throw new HostwrightError(
      'USAGE_INVALID',
      `Cannot write report "${file}": ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
}
