import type { DriftRecord, Finding } from '../../drift/types.js'
import { driftSummary } from '../drift-summary.js'
import { plainText, shorten } from '../text.js'
import type { Colour, Paint } from './paint.js'

const head = ['HOST', 'FINDING', 'STATE', 'CHANGED', 'SINCE'] as const

/** Characters of a finding, and of a reason, that are shown. */
const longest = 100

const colours: Readonly<Record<Finding['state'], Colour>> = {
  new: 'red',
  returned: 'red',
  continuing: 'yellow',
  resolved: 'green',
}

/** What a drift check has found, as a table by host; then the hosts of which it does not know. */
export function driftLines(record: DriftRecord, paint: Paint): readonly string[] {
  const findings = record.findings.toSorted((a, b) =>
    a.host < b.host ? -1 : a.host > b.host ? 1 : 0,
  )
  const unknown = Object.entries(record.hosts).filter(([, { state }]) => state === 'unknown')
  return [
    '',
    `${paint('bold', 'DRIFT')} ${driftSummary(record)}`,
    ...(record.failure === undefined
      ? []
      : [`${paint('magenta', 'failed:')} ${shorten(record.failure, longest)}`]),
    ...(findings.length === 0 ? [] : tableLines(findings, paint)),
    ...unknown.map(
      ([host, { reason = '' }]) =>
        `${paint('magenta', `unknown: [${plainText(host)}]`)} ${shorten(reason, longest)}`,
    ),
  ]
}

function tableLines(findings: readonly Finding[], paint: Paint): readonly string[] {
  const rows = findings.map(({ host, role, task, property, from, to, state, side, since }) => {
    const name = `${role === undefined ? '' : `${role}: `}${task}: ${property}: ${from} → ${to}`
    const day = since.replace(/T(\d\d:\d\d).*/, ' $1')
    return [plainText(host), shorten(name, longest), state, side, day]
  })
  const widths = head.map((name, at) =>
    Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd()
  return [
    paint('bold', line(head)),
    ...rows.map((row, at) => paint(colours[findings[at]?.state ?? 'new'], line(row))),
  ]
}
