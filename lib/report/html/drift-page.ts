import { formatPlace } from '../../core/place.js'
import type { DriftHost, DriftRecord, Finding } from '../../drift/types.js'
import { driftTitle } from '../drift-title.js'
import { createDiffTable, type DiffTable } from './diff-table.js'
import type { DriftCheck, DriftPage, DriftPageHost, PageItem } from './types.js'

/** Days that the heat map goes back. */
const mostDays = 60
const day = 86_400_000

/**
 * What the page of a history of drift checks shows. A host that the newest check left out is shown
 * as the newest one that looked at it found it; one that has gone from the inventory is not.
 */
export function driftPage(records: readonly DriftRecord[]): DriftPage {
  const ordered = records.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
  const last = ordered.at(-1)
  const table = createDiffTable()
  const newest = newestByHost(ordered, last?.inventoryHosts)
  const days = daysOf(ordered)
  const perHost = daysByHost(ordered, days)
  const unseen = last?.unseen ?? []
  const current = last?.findings ?? []
  const told = new Set([...current, ...unseen].map(({ id }) => id))
  const earlier = [...new Set(newest.values())].flatMap((record) =>
    record.findings.filter(
      ({ id, host, state }) => newest.get(host) === record && state !== 'resolved' && !told.has(id),
    ),
  )
  const items = [
    ...[...current, ...earlier].map((finding) => itemOf(finding, finding.state, table)),
    ...unseen.map((finding) => {
      const reason = last?.hosts[finding.host]?.reason
      return { ...itemOf(finding, 'unseen', table), ...(reason !== undefined && { reason }) }
    }),
  ]
  return {
    kind: 'drift',
    title: last ? driftTitle(last) : 'No check yet',
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

/** @param wanted hosts; records of earlier versions do not say which there are */
function newestByHost(
  ordered: readonly DriftRecord[],
  wanted?: readonly string[],
): ReadonlyMap<string, DriftRecord> {
  const isWanted = wanted && new Set(wanted)
  return new Map(
    ordered.flatMap((record) =>
      Object.keys(record.hosts)
        .filter((host) => isWanted?.has(host) !== false)
        .map((host) => [host, record] as const),
    ),
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
    ...(record.failure !== undefined && { failure: record.failure }),
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
    // What has failed as a whole has been there all the same.
    const { failure, inventoryHosts = [] } = record
    const missed = failure === undefined ? [] : inventoryHosts
    for (const host of new Set([...Object.keys(record.hosts), ...missed])) {
      const own = result.get(host) ?? days.map(() => -2)
      result.set(host, own)
      const isKnown = (record.hosts[host]?.state ?? 'unknown') !== 'unknown'
      own[at] = Math.max(own[at] ?? -2, isKnown ? (open.get(host) ?? 0) : -1)
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
