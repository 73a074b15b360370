import { driftSummary } from '../../report/drift-summary.js'
import { driftTitle } from '../../report/drift-title.js'
import { shorten } from '../../report/text.js'
import { changeText } from '../report/change-text.js'
import type { DriftRecord, Finding } from '../types.js'
import { isEmpty, type News } from './news.js'
import type { Message } from './types.js'

/** Lines of a kind; the report has them all. */
const most = 20

/** What is told of a record; whole texts of files are left out. */
export function messageOf(record: DriftRecord, news: News): Message {
  const { playbook, inventory, run, time, exitCode, hosts } = record
  const { failure, isMended, found, resolved, unknown, known } = news
  const counts = [
    ...(failure === undefined ? [] : ['the check failed']),
    ...(isMended ? ['the check works again'] : []),
    ...counted(found.length, 'new'),
    ...counted(resolved.length, 'resolved'),
    ...counted(unknown.length, 'unknown'),
    ...counted(known.length, 'known again'),
  ]
  const summary = driftSummary(record)
  const subject = isEmpty(news)
    ? `Drift of ${driftTitle(record)}: ${summary}`
    : `Drift of ${driftTitle(record)}: ${counts.join(', ')}`
  const text = [
    subject,
    ...(isEmpty(news) ? [] : [summary]),
    ...(failure === undefined ? [] : ['', `Failed: ${failure}`]),
    ...listed('New', found.map(line)),
    ...listed('Resolved', resolved),
    ...listed(
      'Unknown',
      unknown.map((host) => `${host}: ${hosts[host]?.reason ?? ''}`),
    ),
    ...listed('Known again', known),
  ]
  return {
    subject: shorten(subject, 200),
    text: text.map((one) => shorten(one, 500)).join('\n'),
    id: run,
    data: {
      playbook,
      ...(inventory && { inventory }),
      run,
      time,
      exitCode,
      summary,
      ...(record.failure !== undefined && { failure: record.failure }),
      found: found.map(({ before: _before, after: _after, ...finding }) => finding),
      resolved,
      unknown: Object.fromEntries(unknown.map((host) => [host, hosts[host]?.reason ?? ''])),
      known,
    },
  }
}

function line(finding: Finding): string {
  const { host, role, task, side, evidence = [] } = finding
  const name = role === undefined ? task : `${role}: ${task}`
  const who = evidence[0] === undefined ? '' : `; ${evidence[0]}`
  return `${host}: ${name}: ${changeText(finding)} (changed: ${side}${who})`
}

function counted(count: number, word: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${word}`]
}

function listed(head: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return []
  const more = lines.length > most ? [`- … and ${lines.length - most} more`] : []
  return ['', `${head}:`, ...lines.slice(0, most).map((one) => `- ${one}`), ...more]
}
