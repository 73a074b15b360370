import type { CheckedRun } from './checked-run.js'
import type { Difference, SeenHost } from './seen.js'
import { taskKey } from './seen.js'
import { sideOf, type Baseline } from './side.js'
import type { DriftRecord, DriftSide, Finding } from './types.js'

interface Compared {
  readonly findings: readonly Finding[]
  /** Open ones that were not looked at. */
  readonly unseen: readonly Finding[]
}

/** What was seen of a host, and whether handlers that are not notified now would show as due. */
export interface LookedHost extends SeenHost {
  readonly isDueKnown: boolean
}

/** Says of what differs whether it is new and which side has changed, and what is resolved. */
export function compare(
  hosts: ReadonlyMap<string, LookedHost>,
  earlier: Iterable<DriftRecord>,
  run: CheckedRun,
): Compared {
  const differences = [...hosts.values()].flatMap((host) => host.differences)
  const past = look(differences, earlier)
  const findings = differences.map((difference): Finding => {
    const { key, ...rest } = difference
    const open = past.open.get(rest.id)
    const now = hosts.get(rest.host)?.tasks.get(key)
    const observed = sideOf(now, past.baselines.get(keyOn(rest.host, key)))
    if (open) {
      const { since, evidence } = open
      const side = join(open.side, observed)
      return { ...rest, state: 'continuing', side, since, ...(evidence && { evidence }) }
    }
    const state = past.resolved.has(rest.id) ? 'returned' : 'new'
    return { ...rest, state, side: observed, since: run.time }
  })
  const current = new Set(findings.map(({ id }) => id))
  const gone = [...past.open.values()].filter(({ id }) => !current.has(id))
  const known = run.inventoryHosts && new Set(run.inventoryHosts)
  const isResolved = (finding: Finding) =>
    known?.has(finding.host) === false ||
    // A check that began later saw it: this one looked before it was there.
    ((past.openSince.get(finding.id) ?? '') <= run.time &&
      wasLookedAt(hosts.get(finding.host), finding, run))
  return {
    findings: [...findings, ...gone.filter(isResolved).map(resolved)],
    unseen: gone.filter((finding) => !isResolved(finding)),
  }
}

interface Past {
  readonly open: ReadonlyMap<string, Finding>
  /** When the check began that says so. */
  readonly openSince: ReadonlyMap<string, string>
  /** Those found again that were resolved when they were told last. */
  readonly resolved: ReadonlySet<string>
  readonly baselines: ReadonlyMap<string, Baseline>
}

/** Goes back through the records until everything about the differences is known. */
function look(differences: readonly Difference[], earlier: Iterable<DriftRecord>): Past {
  const resolvedOnes = new Set<string>()
  const baselines = new Map<string, Baseline>()
  const untold = new Set(differences.map(({ id }) => id))
  const unknown = new Map(differences.map((one) => [keyOn(one.host, one.key), one]))
  const recent: DriftRecord[] = []
  for (const record of earlier) {
    const isRecent = recent[0] === undefined || isBeside(record, recent[0])
    if (isRecent) recent.push(record)
    else if (untold.size + unknown.size === 0) break
    for (const { id, state } of record.findings)
      if (untold.delete(id) && state === 'resolved') resolvedOnes.add(id)
    for (const { id } of record.unseen ?? []) untold.delete(id)
    for (const [at, { host, role, key }] of unknown) {
      const baseline = baselineIn(record, host, role, key)
      if (baseline === undefined) continue
      baselines.set(at, baseline)
      unknown.delete(at)
    }
  }
  return { ...openIn(recent), resolved: resolvedOnes, baselines }
}

/** Milliseconds from the end of a check until its record is kept, at most. */
const slack = 60_000

/** Whether a check had not ended when the newest began, which then may know nothing of it. */
function isBeside({ time, duration }: DriftRecord, newest: DriftRecord): boolean {
  return Date.parse(time) + duration + slack >= Date.parse(newest.time)
}

/**
 * What is open: of each host by the newest check that looked at it; of a host that none of these did,
 * by the newest.
 *
 * @param recent the newest, and those beside it
 */
function openIn(recent: readonly DriftRecord[]): Pick<Past, 'open' | 'openSince'> {
  const newest = new Map<string, DriftRecord>()
  for (const record of recent)
    for (const host of [...Object.keys(record.hosts), ...record.findings.map((one) => one.host)])
      if (!newest.has(host)) newest.set(host, record)
  const open = new Map<string, Finding>()
  const openSince = new Map<string, string>()
  for (const record of recent)
    for (const finding of [...(record.unseen ?? []), ...record.findings]) {
      const isNewest = (newest.get(finding.host) ?? recent[0]) === record
      if (finding.state === 'resolved' || !isNewest) continue
      open.set(finding.id, finding)
      openSince.set(finding.id, record.time)
    }
  return { open, openSince }
}

/** What a record knows of a task: its fingerprint, or that the playbook did not have it then. */
function baselineIn(
  { hosts, fingerprints }: DriftRecord,
  host: string,
  role: string | undefined,
  key: string,
): Baseline | undefined {
  const known = fingerprints[host]?.[key]
  if (known) return known
  const then = hosts[host]
  // A handler has no fingerprint, and neither has a check of the playbook.
  const hasNone = role?.startsWith('handler ') === true || /(?:^|: )check /.test(key)
  if (!then || then.partial || hasNone) return undefined
  return 'absent'
}

/**
 * Whether what is not found any more was looked at, or is gone from the playbook: its role was gone
 * through on the host and has no such task.
 */
function wasLookedAt(host: LookedHost | undefined, finding: Finding, run: CheckedRun): boolean {
  if (!host) return false
  const { role = '', task } = finding
  const name = taskKey(finding.role, task)
  const number = / #\d+$/
  if ([...host.tasks.keys()].some((key) => key === name || key.replace(number, '') === name))
    return true
  const whole =
    host.tasks.size > 0 &&
    run.failure === undefined &&
    host.failure === undefined &&
    host.unknown.length === 0 &&
    !host.leftOut
  if (role.startsWith('handler ')) return whole && host.isDueKnown
  return whole && (role === '' || host.counts.has(role))
}

/** Texts are told while they differ. */
function resolved({
  before: _before,
  after: _after,
  evidence: _evidence,
  ...finding
}: Finding): Finding {
  return { ...finding, state: 'resolved' }
}

/** A side that has changed stays changed until the finding is resolved. */
function join(before: DriftSide, now: DriftSide): DriftSide {
  if (now === 'unknown' || before === now || before === 'both') return before
  // The host differs anyhow as long as it is found; only a wish that has changed is news.
  return now === 'host' || before === 'unknown' ? before : 'both'
}

function keyOn(host: string, key: string): string {
  return `${host}\0${key}`
}
