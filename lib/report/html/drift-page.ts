import { formatPlace } from '../../core/place.js'
import type { DriftHost, DriftRecord, Finding } from '../../drift/types.js'
import { createDiffTable, type DiffTable } from './diff-table.js'
import type { DriftCheck, DriftPage, DriftPageHost, PageItem } from './types.js'

/** Days that the heat map goes back. */
const mostDays = 60
const day = 86_400_000

/**
 * What the page of a history of drift checks shows. A host that the newest check left out is shown
 * as the newest one that looked at it found it.
 */
export function driftPage(records: readonly DriftRecord[]): DriftPage {
  const ordered = records.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
  const last = ordered.at(-1)
  const table = createDiffTable()
  const newest = newestByHost(ordered)
  const days = daysOf(ordered)
  const perHost = daysByHost(ordered, days)
  const unseen = last?.unseen ?? []
  const told = new Set(unseen.map(({ id }) => id))
  const findings = [...new Set(newest.values())].flatMap((record) =>
    record.findings.filter(
      ({ id, host, state }) =>
        newest.get(host) === record && (record === last || (state !== 'resolved' && !told.has(id))),
    ),
  )
  const items = [
    ...findings.map((finding) => itemOf(finding, finding.state, table)),
    ...unseen.map((finding) => {
      const reason = last?.hosts[finding.host]?.reason
      return { ...itemOf(finding, 'unseen', table), ...(reason !== undefined && { reason }) }
    }),
  ]
  return {
    kind: 'drift',
    title: last?.playbook ?? '',
    run: last?.run ?? '',
    time: last?.time ?? '',
    duration: last?.duration ?? 0,
    exitCode: last?.exitCode ?? 0,
    ...(last?.failure !== undefined && { failure: last.failure }),
    hosts: [...newest].map(([name, record]) =>
      hostOf(name, record, last, ordered, perHost.get(name) ?? []),
    ),
    checks: ordered.map(checkOf),
    days,
    items: items.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status)),
    diffs: table.diffs,
  }
}

function newestByHost(ordered: readonly DriftRecord[]): ReadonlyMap<string, DriftRecord> {
  return new Map(
    ordered.flatMap((record) => Object.keys(record.hosts).map((host) => [host, record] as const)),
  )
}

function hostOf(
  name: string,
  record: DriftRecord,
  last: DriftRecord | undefined,
  ordered: readonly DriftRecord[],
  days: readonly number[],
): DriftPageHost {
  const { state, reason, roundTrips, tasks } = record.hosts[name] as DriftHost
  const why = [reason, state === 'unknown' ? lastKnown(name, ordered) : undefined]
    .filter((part) => part !== undefined)
    .join('; ')
  return {
    name,
    state,
    ...(why !== '' && { reason: why }),
    roundTrips,
    ...(record !== last && { checked: record.time }),
    tasks: Object.entries(tasks),
    days,
  }
}

/** What the newest check knew that could look at the host. */
function lastKnown(name: string, ordered: readonly DriftRecord[]): string | undefined {
  const known = ordered.findLast((record) => (record.hosts[name]?.state ?? 'unknown') !== 'unknown')
  if (known === undefined) return undefined
  const open = known.findings.filter((one) => one.host === name && one.state !== 'resolved').length
  const found = open === 0 ? 'no drift' : `${open} finding${open === 1 ? '' : 's'}`
  return `last known ${known.time.slice(0, 10)}: ${found}`
}

function checkOf(record: DriftRecord): DriftCheck {
  const count = (state: Finding['state']) =>
    record.findings.filter((finding) => finding.state === state).length
  const hosts = Object.values(record.hosts)
  return {
    time: record.time,
    duration: record.duration,
    roundTrips: hosts.reduce((sum, { roundTrips }) => sum + roundTrips, 0),
    new: count('new'),
    returned: count('returned'),
    continuing: count('continuing'),
    resolved: count('resolved'),
    unknown: hosts.filter(({ state }) => state === 'unknown').length,
  }
}

function daysOf(ordered: readonly DriftRecord[]): readonly string[] {
  const first = ordered[0]
  const last = ordered.at(-1)
  if (!first || !last) return []
  const end = Date.parse(last.time.slice(0, 10))
  const begin = Math.max(Date.parse(first.time.slice(0, 10)), end - (mostDays - 1) * day)
  const count = Math.round((end - begin) / day) + 1
  return Array.from({ length: count }, (_, at) =>
    new Date(begin + at * day).toISOString().slice(0, 10),
  )
}

/** Knowing wins over not knowing: a day counts as unknown only where none of its checks knew. */
function daysByHost(
  ordered: readonly DriftRecord[],
  days: readonly string[],
): ReadonlyMap<string, readonly number[]> {
  const places = new Map(days.map((name, at) => [name, at]))
  const result = new Map<string, number[]>()
  for (const record of ordered) {
    const at = places.get(record.time.slice(0, 10))
    if (at === undefined) continue
    const open = new Map<string, number>()
    for (const { host, state } of record.findings)
      if (state !== 'resolved') open.set(host, (open.get(host) ?? 0) + 1)
    for (const [host, { state }] of Object.entries(record.hosts)) {
      const own = result.get(host) ?? days.map(() => -2)
      result.set(host, own)
      const found = state === 'unknown' ? -1 : (open.get(host) ?? 0)
      own[at] = Math.max(own[at] ?? -2, found)
    }
  }
  return result
}

/** What is new wants a look first. */
const order: readonly string[] = ['new', 'returned', 'continuing', 'unseen', 'resolved']

/** @param status its state, or `unseen` where the newest check has not looked at it */
function itemOf(finding: Finding, status: Finding['state'] | 'unseen', table: DiffTable): PageItem {
  const { host, role = '', task, side, since, place, evidence } = finding
  return {
    host,
    role,
    title: task,
    kind: 'finding',
    status,
    changes: [table.change(finding)],
    side,
    since,
    ...(place && { place: formatPlace(place) }),
    ...(evidence && { evidence }),
  }
}
