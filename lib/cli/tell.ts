import { errorRecord } from '../report/error-record.js'
import { formatError } from '../report/format-error.js'

/** Says on stderr what has failed. */
export function tell(error: unknown): void {
  process.stderr.write(`${formatError(errorRecord(error))}\n`)
}
