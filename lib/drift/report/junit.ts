import { driftTitle } from '../../report/drift-title.js'
import { junitDocument, type JunitCase } from '../../report/junit-reporter.js'
import type { DriftRecord, Finding } from '../types.js'
import { changeText } from './change-text.js'

/**
 * A JUnit document: a suite for each host, in it a case for each finding and each role without one;
 * one more where the check as a whole has failed. What was not looked at is skipped, not passed.
 */
export function driftJunit(record: DriftRecord): string {
  const { time, hosts, findings, unseen = [], failure } = record
  const title = driftTitle(record)
  const names = new Set([...Object.keys(hosts), ...unseen.map(({ host }) => host)])
  const suites = [...names].map((name) => {
    const host = hosts[name]
    const open = findings.filter((one) => one.host === name && one.state !== 'resolved')
    const left = unseen.filter((one) => one.host === name)
    const clean = Object.entries(host?.tasks ?? {}).filter(
      ([role]) => ![...open, ...left].some((one) => (one.role ?? '') === role),
    )
    const about = { time, host: name }
    const cases: JunitCase[] = [
      ...(host?.state === 'unknown' ? [unknown(about, 'the host', host.reason ?? '')] : []),
      ...open.map((finding) => failed(finding, time)),
      ...left.map((finding) => skipped(finding, time)),
      ...clean.map(([role, count]) => ({
        ...about,
        ...(role !== '' && { role }),
        type: 'check' as const,
        check: count === 1 ? '1 task' : `${count} tasks`,
        result: 'passed' as const,
        duration: 0,
      })),
    ]
    return { name, cases }
  })
  const whole = failure !== undefined && unknown({ time, host: title }, 'the check', failure)
  return junitDocument(title, [
    ...(whole ? [{ name: 'the check', cases: [whole] }] : []),
    ...suites,
  ])
}

function unknown(
  about: { readonly time: string; readonly host: string },
  task: string,
  message: string,
): JunitCase {
  return {
    ...about,
    type: 'failure',
    unreachable: false,
    error: { code: 'CHECK_FAILED', message, task },
  }
}

function skipped(finding: Finding, time: string): JunitCase {
  const { host, role, task, property, since } = finding
  return {
    host,
    ...(role !== undefined && { role }),
    time,
    type: 'check',
    check: `${task}: ${property}`,
    result: 'skipped',
    duration: 0,
    reason: `not looked at; when it was last: ${changeText(finding)} (since ${since})`,
  }
}

function failed(finding: Finding, time: string): JunitCase {
  const { host, role, task, property, state, side, since, place, evidence = [] } = finding
  const about = { host, ...(role !== undefined && { role }) }
  return {
    ...about,
    time,
    type: 'check',
    check: `${task}: ${property}`,
    result: 'failed',
    duration: 0,
    error: {
      code: 'CHECK_FAILED',
      message: `${changeText(finding)} (${state} since ${since}, changed: ${side})`,
      ...about,
      ...(place !== undefined && { place }),
      ...(evidence.length > 0 && { hint: evidence.join('; ') }),
    },
  }
}
