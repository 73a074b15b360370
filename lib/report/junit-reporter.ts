import type { CheckEvent, FailureEvent, HostwrightEvent, Reporter, TaskEvent } from './events.js'
import { formatError } from './format-error.js'
import { sink } from './sink.js'
import { plainText } from './text.js'

/** What becomes a case of a JUnit document. */
export type JunitCase = TaskEvent | CheckEvent | FailureEvent

export interface JunitSuite {
  readonly name: string
  readonly cases: readonly JunitCase[]
}

/**
 * Writes the run as one JUnit document when it has ended: a suite for each play, in it a case for
 * each task and check of each host, with what failed and why.
 *
 * @see https://github.com/testmoapp/junitxml for the form that readers agree on
 */
export function junitReporter(stream: NodeJS.WritableStream): Reporter {
  const { write } = sink(stream)
  const suites: { readonly name: string; readonly cases: JunitCase[] }[] = []
  return {
    event(event) {
      if (event.type === 'play') suites.push({ name: event.play, cases: [] })
      if (isCase(event)) suites.at(-1)?.cases.push(event)
      if (event.type === 'recap') write(junitDocument(event.playbook, suites))
    },
  }
}

/** A task that failed ends its host's play with a failure, which says more. */
function isCase(event: HostwrightEvent): event is JunitCase {
  if (event.type === 'task') return event.status !== 'failed'
  return event.type === 'check' || event.type === 'failure'
}

/** One JUnit document, with its counts. */
export function junitDocument(playbook: string, suites: readonly JunitSuite[]): string {
  const all = suites.flatMap(({ cases }) => cases)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escaped(playbook)}"${counts(all)}>`,
    ...suites.flatMap(({ name, cases }) => [
      `  <testsuite name="${escaped(name)}"${counts(cases)}>`,
      ...cases.map((one) => `    ${caseOf(one)}`),
      '  </testsuite>',
    ]),
    '</testsuites>\n',
  ].join('\n')
}

function counts(cases: readonly JunitCase[]): string {
  const count = (wanted: string) => cases.filter((one) => outcome(one).result === wanted).length
  const time = cases.reduce((sum, one) => sum + durationOf(one), 0)
  return ` tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}" time="${seconds(time)}"`
}

function caseOf(event: JunitCase): string {
  const { result, message, text } = outcome(event)
  const classname = event.role === undefined ? event.host : `${event.host}.${event.role}`
  const head = `<testcase name="${escaped(nameOf(event))}" classname="${escaped(classname)}" time="${seconds(durationOf(event))}"`
  if (result === 'passed') return `${head}/>`
  const body = text === undefined ? '/>' : `>${escaped(text)}</${result}>`
  return `${head}><${result} message="${escaped(message ?? '')}"${body}</testcase>`
}

interface Outcome {
  readonly result: 'passed' | 'failure' | 'error' | 'skipped'
  readonly message?: string | undefined
  readonly text?: string
}

function outcome(event: JunitCase): Outcome {
  if (event.type === 'failure')
    return { result: 'error', message: event.error.message, text: formatError(event.error) }
  if (event.type === 'check' && event.result === 'failed')
    return {
      result: 'failure',
      message: event.error?.message,
      ...(event.error && { text: formatError(event.error) }),
    }
  const status = event.type === 'task' ? event.status : event.result
  const isLeftOut = status === 'skipped' || status === 'unknown'
  return isLeftOut ? { result: 'skipped', message: event.reason } : { result: 'passed' }
}

function nameOf(event: JunitCase): string {
  if (event.type === 'task') return event.task
  if (event.type === 'check') return event.check
  return event.error.task ?? (event.unreachable ? 'reach the host' : 'the play')
}

function durationOf(event: JunitCase): number {
  return event.type === 'failure' ? 0 : event.duration
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
}

/** XML has no way to write control characters, and half a surrogate pair is no character. */
function escaped(text: string): string {
  return plainText(text)
    .replaceAll(/[\p{Surrogate}\uFFFE\uFFFF]/gu, '')
    .replaceAll(/[&<>"\n\t]/g, (character) => entities[character] ?? '')
}
