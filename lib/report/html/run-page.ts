import { formatPlace } from '../../core/place.js'
import type { HostRecap, HostwrightEvent, RecapEvent } from '../events.js'
import { createRecap } from '../recap.js'
import { barsByHost } from './bars.js'
import { createDiffTable, type DiffTable } from './diff-table.js'
import { pageError } from './page-error.js'
import type { PageItem, RunHost, RunPage } from './types.js'

/** What the page of a run shows, from its events. A run that was cut off has no recap. */
export function runPage(events: readonly HostwrightEvent[]): RunPage {
  const run = events.find((event) => event.type === 'run')
  const recap = events.find((event) => event.type === 'recap')
  const time = run?.time ?? events[0]?.time ?? new Date(0).toISOString()
  const origin = Date.parse(time)
  const table = createDiffTable()
  const failures = events.filter((event) => event.type === 'failure')
  return {
    kind: 'run',
    title: run?.playbook ?? '',
    run: run?.run ?? '',
    check: run?.check ?? false,
    time,
    duration: recap?.duration ?? Date.parse(events.at(-1)?.time ?? time) - origin,
    ...(recap && { exitCode: recap.exitCode }),
    hosts: hostsOf(events, recap, origin),
    plays: events
      .filter((event) => event.type === 'play')
      .map((event) => ({ name: event.play, from: Date.parse(event.time) - origin })),
    failures: failures.map(({ host, unreachable, error }) => ({
      host,
      unreachable,
      error: pageError(error, host),
    })),
    notes: events
      .filter((event) => event.type === 'note')
      .map(({ level, text, host }) => ({ level, text, ...(host !== undefined && { host }) })),
    items: events.flatMap((event) => itemOf(event, failures, table)),
    diffs: table.diffs,
  }
}

function hostsOf(
  events: readonly HostwrightEvent[],
  recap: RecapEvent | undefined,
  origin: number,
): readonly RunHost[] {
  const counted = createRecap()
  for (const event of events) counted.event(event)
  const bars = barsByHost(events, origin)
  return Object.entries(recap?.hosts ?? counted.hosts()).map(([name, counts]) => {
    const { ok, changed, failed, skipped, unknown, roundTrips } = counts
    const state = stateOf(counts)
    const own = bars.get(name) ?? []
    return { name, state, ok, changed, failed, skipped, unknown, roundTrips, bars: own }
  })
}

function stateOf({ unreachable, failed, unknown, changed, ok, skipped }: HostRecap): string {
  if (unreachable > 0) return 'unreachable'
  if (failed > 0) return 'failed'
  if (unknown > 0) return 'unknown'
  if (changed > 0) return 'changed'
  return ok > 0 ? 'ok' : skipped > 0 ? 'skipped' : 'idle'
}

function itemOf(
  event: HostwrightEvent,
  failures: readonly Extract<HostwrightEvent, { type: 'failure' }>[],
  table: DiffTable,
): readonly PageItem[] {
  if (event.type === 'check') {
    const { host, role = '', check: title, result, duration, reason, error } = event
    return [
      {
        host,
        role,
        title,
        kind: 'check',
        status: result === 'passed' ? 'ok' : result,
        changes: [],
        duration,
        ...(reason !== undefined && { reason }),
        ...(error && { error: pageError(error, host) }),
      },
    ]
  }
  if (event.type !== 'task') return []
  const { host, role = '', task: title, status, changes, duration, reason, place, handler } = event
  const failure =
    status === 'failed'
      ? failures.find((one) => one.host === host && one.error.task === title)
      : undefined
  return [
    {
      host,
      role,
      title,
      kind: handler === true ? 'handler' : 'task',
      status,
      changes: changes.map((change) => table.change(change)),
      duration,
      ...(place && { place: formatPlace(place) }),
      // The error says it already.
      ...(reason !== undefined && !failure && { reason }),
      ...(failure && { error: pageError(failure.error, host) }),
    },
  ]
}
