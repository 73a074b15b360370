import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { HostwrightError } from '../../core/errors.js'
import { withLock } from '../../core/lock.js'
import { driftHtml } from '../../report/html/index.js'
import { reportFile } from '../../report/report-file.js'
import type { DriftRecord } from '../types.js'
import { driftJunit } from './junit.js'
import { driftMarkdown } from './markdown.js'
import { driftMetrics } from './metrics.js'

/** Makes a report of the newest record; `all` are all records, the newest first. */
type Writer = (record: DriftRecord, all: Iterable<DriftRecord>, present: string) => string

const writers: Readonly<Record<string, Writer>> = {
  // Each is read when it is come to: what the page does not show does not stay in memory.
  '.html': (_, all) => driftHtml(Array.from(all, (record) => ({ ...record, fingerprints: {} }))),
  '.json': (record) => `${JSON.stringify(record, undefined, 2)}\n`,
  '.md': driftMarkdown,
  '.prom': (record, _, present) => driftMetrics(record, present),
  '.xml': driftJunit,
}

/**
 * Writes a report of the newest record.
 *
 * @throws HostwrightError USAGE_INVALID where it cannot be written
 */
export type WriteReport = (record: DriftRecord, all: Iterable<DriftRecord>) => Promise<void>

/**
 * A report in the form that its ending says; refused where it could not be written, before a host is
 * touched.
 *
 * @throws HostwrightError USAGE_INVALID
 */
export function reportTo(path: string): WriteReport {
  const writer = writers[extname(path)]
  if (!writer)
    throw new HostwrightError(
      'USAGE_INVALID',
      `Cannot write the report "${path}": its ending "${extname(path)}" stands for no report`,
      { hint: `The endings are ${Object.keys(writers).join(', ')}` },
    )
  const isShared = extname(path) === '.prom'
  // The exporter that reads metrics has an account of its own.
  const file = reportFile(path, isShared ? 0o644 : undefined)
  return async (record, all) => {
    const write = async () => file.write(writer(record, all, isShared ? textOf(path) : ''))
    try {
      await (isShared ? withLock(dirname(path), write) : write())
    } catch (error) {
      throw new HostwrightError(
        'USAGE_INVALID',
        `Cannot write the report "${path}": ${error instanceof Error ? error.message : String(error)}`,
        { hint: 'Give a file in a directory that you can write to', cause: error },
      )
    }
  }
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}
