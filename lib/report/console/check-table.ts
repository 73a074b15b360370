import type { CheckEvent, HostwrightEvent } from '../events.js'
import { plainText } from '../text.js'
import { checkColours } from './event-lines.js'
import type { Paint } from './paint.js'

const head = ['CHECK', 'HOST', 'RESULT', 'SECONDS'] as const

/** Gathers a run's checks, and with its recap gives them as a table; none where there were none. */
export function createCheckTable(): (event: HostwrightEvent, paint: Paint) => readonly string[] {
  const checks: CheckEvent[] = []
  return (event, paint) => {
    if (event.type === 'check') checks.push(event)
    return event.type === 'recap' && checks.length > 0 ? tableLines(checks, paint) : []
  }
}

function tableLines(checks: readonly CheckEvent[], paint: Paint): readonly string[] {
  const rows = checks.map(({ check, host, result, duration }) => [
    plainText(check),
    plainText(host),
    result,
    (duration / 1000).toFixed(1),
  ])
  const widths = head.map((name, at) =>
    Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (at === 3 ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
  return [
    '',
    paint('bold', line(head)),
    ...rows.map((row, at) => paint(checkColours[checks[at]?.result ?? 'failed'], line(row))),
  ]
}
