import type { Reporter } from './events.js'
import { sink } from './sink.js'

/**
 * Writes each event as one line of JSON.
 *
 * @see docs/events.md
 */
export function jsonReporter(stream: NodeJS.WritableStream): Reporter {
  const { write } = sink(stream)
  return { event: (event) => write(`${JSON.stringify(event)}\n`) }
}
