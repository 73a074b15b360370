import type { HostwrightEvent, Reporter } from '../events.js'
import { reportFile } from '../report-file.js'
import { pageHtml } from './page-html.js'
import { runPage } from './run-page.js'

/** A command's output and published facts are in the record, not on the page. */
const leftOut = new Set<HostwrightEvent['type']>(['output', 'fact'])

/**
 * Writes the run as one self-contained HTML page when the reporter is closed: also of a run that
 * failed or was interrupted.
 *
 * @throws HostwrightError USAGE_INVALID at once, where the file can't be written
 * @see docs/report.md
 */
export function htmlReporter(path: string): Reporter {
  const file = reportFile(path)
  const events: HostwrightEvent[] = []
  return {
    event(event) {
      if (!leftOut.has(event.type)) events.push(event)
    },
    close: () => file.write(pageHtml(runPage(events))),
  }
}
