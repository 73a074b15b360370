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

/** Says of what differs whether it is new and which side has changed, and what is resolved. */
export function compare(
  hosts: ReadonlyMap<string, SeenHost>,
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
    if (open)
      return { ...rest, state: 'continuing', side: join(open.side, observed), since: open.since }
    const state = past.resolved.has(rest.id) ? 'returned' : 'new'
    return { ...rest, state, side: observed, since: run.time }
  })
  const current = new Set(findings.map(({ id }) => id))
  const gone = [...past.open.values()].filter(({ id }) => !current.has(id))
  const isResolved = (finding: Finding) => wasLookedAt(hosts.get(finding.host), finding, run)
  return {
    findings: [...findings, ...gone.filter(isResolved).map(resolved)],
    unseen: gone.filter((finding) => !isResolved(finding)),
  }
}

interface Past {
  readonly open: ReadonlyMap<string, Finding>
  /** Those found again that were resolved when they were told last. */
  readonly resolved: ReadonlySet<string>
  readonly baselines: ReadonlyMap<string, Baseline>
}

/** Goes back through the records until everything about the differences is known. */
function look(differences: readonly Difference[], earlier: Iterable<DriftRecord>): Past {
  let open: Map<string, Finding> | undefined
  const resolvedOnes = new Set<string>()
  const baselines = new Map<string, Baseline>()
  const untold = new Set<string>()
  const unknown = new Map(differences.map((one) => [keyOn(one.host, one.key), one]))
  for (const record of earlier) {
    if (!open) {
      open = openIn(record)
      for (const { id } of differences) if (!open.has(id)) untold.add(id)
    }
    for (const { id, state } of record.findings)
      if (untold.delete(id) && state === 'resolved') resolvedOnes.add(id)
    for (const [at, { host, role, key }] of unknown) {
      const baseline = baselineIn(record, host, role, key)
      if (baseline === undefined) continue
      baselines.set(at, baseline)
      unknown.delete(at)
    }
    if (untold.size + unknown.size === 0) break
  }
  return { open: open ?? new Map(), resolved: resolvedOnes, baselines }
}

function openIn({ findings, unseen = [] }: DriftRecord): Map<string, Finding> {
  const all = [...unseen, ...findings].filter(({ state }) => state !== 'resolved')
  return new Map(all.map((finding) => [finding.id, finding]))
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
function wasLookedAt(host: SeenHost | undefined, finding: Finding, run: CheckedRun): boolean {
  if (!host) return false
  const { role = '', task } = finding
  const name = taskKey(finding.role, task)
  const number = / #\d+$/
  if ([...host.tasks.keys()].some((key) => key === name || key.replace(number, '') === name))
    return true
  const whole =
    run.failure === undefined &&
    host.failure === undefined &&
    host.unknown.length === 0 &&
    !host.leftOut
  return whole && (role === '' || host.counts.has(role) || role.startsWith('handler '))
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
