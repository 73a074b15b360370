import { junitDocument, type JunitCase } from '../../report/junit-reporter.js'
import type { DriftRecord, Finding } from '../types.js'
import { changeText } from './change-text.js'

/** A JUnit document: a suite for each host, in it a case for each finding and each role without one. */
export function driftJunit({ playbook, time, hosts, findings }: DriftRecord): string {
  const suites = Object.entries(hosts).map(([name, host]) => {
    const open = findings.filter((one) => one.host === name && one.state !== 'resolved')
    const clean = Object.entries(host.tasks).filter(
      ([role]) => !open.some((one) => (one.role ?? '') === role),
    )
    const about = { time, host: name }
    const cases: JunitCase[] = [
      ...(host.state === 'unknown'
        ? [
            {
              ...about,
              type: 'failure' as const,
              unreachable: false,
              error: {
                code: 'CHECK_FAILED' as const,
                message: host.reason ?? '',
                task: 'the host',
              },
            },
          ]
        : []),
      ...open.map((finding) => failed(finding, time)),
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
  return junitDocument(playbook, suites)
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
