import { formatPlace } from '../../core/place.js'
import type { HostRecap, HostwrightEvent, TaskEvent } from '../events.js'
import { formatError } from '../format-error.js'
import { elapsed, plainText, shorten } from '../text.js'
import { changeLines } from './change.js'
import { driftLines } from './drift-lines.js'
import type { Colour, Paint } from './paint.js'

/** What the user asked to see. */
export interface View {
  /** 1: ok, skipped and facts; 2: output of commands; 3: places. */
  readonly verbosity: number
  readonly diff: boolean
  readonly check: boolean
  readonly paint: Paint
}

type Lines<Type extends HostwrightEvent['type']> = (
  event: Extract<HostwrightEvent, { type: Type }>,
  view: View,
) => readonly string[]

/** The lines that an event leaves on the console; none for what is not worth one. */
export function eventLines(event: HostwrightEvent, view: View): readonly string[] {
  return (formats[event.type] as (event: HostwrightEvent, view: View) => readonly string[])(
    event,
    view,
  )
}

/** Characters of a fact, and hosts of a play, that are shown. */
const longest = { fact: 200, hosts: 100 }

const formats: { readonly [Type in HostwrightEvent['type']]: Lines<Type> } = {
  run: ({ playbook, hosts, check }, { paint }) => [
    paint(
      'bold',
      plainText(`${playbook}: ${hostCount(hosts.length)}${check ? ', check mode' : ''}`),
    ),
  ],
  play: ({ play, hosts }, { paint }) => {
    const names = hosts.join(', ')
    const who = names.length <= longest.hosts ? names : hostCount(hosts.length)
    return ['', `${paint('bold', `PLAY [${plainText(play)}]`)} ${plainText(who)}`]
  },
  start: () => [],
  end: () => [],
  task: taskLines,
  output: ({ host, text }, { verbosity, paint }) =>
    verbosity < 2
      ? []
      : plainText(text)
          .replace(/\n$/, '')
          .split('\n')
          .map((line) => `    ${paint('gray', `${plainText(host)} |`)} ${line}`),
  fact: ({ host, fact, value }, { verbosity, paint }) =>
    verbosity < 1
      ? []
      : [
          paint('gray', `fact: [${plainText(host)}] ${plainText(fact)} = `) +
            shorten(JSON.stringify(value) ?? 'undefined', longest.fact),
        ],
  check: ({ host, check, result, reason, error }, { verbosity, paint }) => {
    if (result !== 'failed' && verbosity < 1) return []
    const why = reason === undefined ? '' : `: ${plainText(reason)}`
    return [
      `${paint(checkColours[result], `${result}: [${plainText(host)}]`)} ${plainText(check)}${why}`,
      ...(error === undefined ? [] : indented(formatError(error))),
    ]
  },
  note: ({ level, host, text }, { paint }) => {
    const where = host === undefined ? '' : ` [${plainText(host)}]`
    const [colour, word] =
      level === 'warning' ? (['yellow', 'warning'] as const) : (['cyan', 'note'] as const)
    return [`${paint(colour, `${word}:${where}`)} ${plainText(text).replaceAll('\n', '\n    ')}`]
  },
  failure: ({ host, unreachable, error }, { paint }) => [
    paint('red', `fatal: [${plainText(host)}] ${unreachable ? 'unreachable' : 'failed'}`),
    ...indented(formatError(error)),
  ],
  drift: ({ record }, { paint }) => driftLines(record, paint),
  recap: ({ hosts, check, duration }, { paint }) => [
    '',
    `${paint('bold', 'PLAY RECAP')} ${elapsed(duration)}`,
    ...recapLines(hosts, paint),
    ...(check ? ['Check mode: nothing was changed; changed counts what would be'] : []),
  ],
}

function indented(text: string): readonly string[] {
  return text.split('\n').map((line) => `    ${line}`)
}

/** The colour of each result of a check. */
export const checkColours = { passed: 'green', failed: 'red', skipped: 'cyan' } as const

const colours = {
  ok: 'green',
  changed: 'yellow',
  failed: 'red',
  skipped: 'cyan',
  unknown: 'magenta',
} as const satisfies Record<TaskEvent['status'], Colour>

function taskLines(event: TaskEvent, view: View): readonly string[] {
  const { status, host, changes, reason } = event
  if ((status === 'ok' || status === 'skipped') && view.verbosity < 1) return []
  const word = status === 'changed' && view.check ? 'would change' : status
  const notes = [
    ...(event.handler === true ? ['handler'] : []),
    ...(event.duration >= 1000 ? [elapsed(event.duration)] : []),
  ]
  const head = [
    view.paint(colours[status], `${word}: [${plainText(host)}]`),
    ` ${taskName(event)}`,
    notes.length === 0 ? '' : ` (${notes.join(', ')})`,
    reason === undefined ? '' : `: ${plainText(reason)}`,
  ].join('')
  const place =
    view.verbosity >= 3 && event.place !== undefined ? [`at ${formatPlace(event.place)}`] : []
  const details = [
    ...place,
    ...changes.flatMap((change) => changeLines(change, view.diff, view.paint)),
  ]
  return [head, ...details.map((line) => `    ${line}`)]
}

/** A task with its role before it. */
export function taskName(event: { readonly role?: string; readonly task: string }): string {
  const name = event.role === undefined ? event.task : `${event.role}: ${event.task}`
  return shorten(name, 160)
}

/** Ansible's recap, in columns; `unknown` only where there is one. */
function recapLines(hosts: Readonly<Record<string, HostRecap>>, paint: Paint): readonly string[] {
  const entries = Object.entries(hosts)
  const anyUnknown = entries.some(([, recap]) => recap.unknown > 0)
  const rows = entries.map(([host, recap]) => [
    plainText(host),
    ':',
    `ok=${recap.ok}`,
    `changed=${recap.changed}`,
    `unreachable=${recap.unreachable}`,
    `failed=${recap.failed}`,
    `skipped=${recap.skipped}`,
    ...(anyUnknown ? [`unknown=${recap.unknown}`] : []),
    `round trips=${recap.roundTrips}`,
  ])
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row, index) => {
    const line = row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(' ')
      .trimEnd()
    return paint(recapColour(entries[index]?.[1]), line)
  })
}

function recapColour(recap: HostRecap | undefined): Colour {
  if (recap === undefined || recap.failed + recap.unreachable > 0) return 'red'
  return recap.changed > 0 ? 'yellow' : 'green'
}

function hostCount(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`
}
