import type { CheckedRun } from './checked-run.js'
import { compare, type LookedHost } from './compare.js'
import { isExplained } from './explained.js'
import type { Seen, SeenHost } from './seen.js'
import type { DriftHost, DriftRecord, Fingerprint } from './types.js'

/**
 * Makes the record of a check, comparing with the earlier ones.
 *
 * @param earlier the newest first; read only as far as needed
 */
export function judge(seen: Seen, earlier: Iterable<DriftRecord>, run: CheckedRun): DriftRecord {
  const hosts = new Map([...seen.hosts].map(([name, host]) => [name, withDue(host)]))
  const { findings, unseen } = compare(hosts, earlier, run)
  const met = new Map(
    [...hosts].filter(([, host]) => run.failure !== undefined || !isLeftOut(host)),
  )
  const failure = run.failure ?? (met.size === 0 ? 'no task of any host was looked at' : undefined)
  const drifted = new Set(
    [...hosts].flatMap(([name, { differences }]) => (differences.length > 0 ? [name] : [])),
  )
  const doubts = new Map(
    [...met].map(([name, host]) => [
      name,
      failure ?? host.failure ?? host.unknown.find((why) => !isExplained(why, name, drifted)),
    ]),
  )
  const hasDoubt = failure !== undefined || [...doubts.values()].some((why) => why !== undefined)
  return {
    version: 1,
    run: run.run,
    playbook: run.playbook,
    ...(run.inventory && { inventory: run.inventory }),
    ...(run.inventoryHosts && { inventoryHosts: run.inventoryHosts }),
    time: run.time,
    duration: run.duration,
    exitCode: hasDoubt ? 1 : drifted.size > 0 ? 2 : 0,
    ...(failure !== undefined && { failure }),
    hosts: byName(met, (host, name) => describe(host, doubts.get(name), run.roundTrips.get(name))),
    findings,
    ...(unseen.length > 0 && { unseen }),
    fingerprints: byName(met, ({ tasks }) =>
      Object.fromEntries(
        [...tasks].filter((entry): entry is [string, Fingerprint] => entry[1] !== undefined),
      ),
    ),
  }
}

/** A handler that nothing in this check has notified is still due from an earlier run. */
function withDue(host: SeenHost): LookedHost {
  const { differences, handlers, unknown, acts } = host
  const isDueKnown = differences.length + unknown.length === 0 && !acts
  return { ...host, isDueKnown, ...(isDueKnown && { differences: handlers }) }
}

/** Tags have left out all of it, or the playbook wishes nothing of it: that it is clean nobody knows. */
function isLeftOut({ tasks, differences, unknown, failure }: SeenHost): boolean {
  return tasks.size + differences.length + unknown.length === 0 && failure === undefined
}

function describe(host: SeenHost, doubt: string | undefined, roundTrips = 0): DriftHost {
  const { differences, unknown, leftOut, counts, failure } = host
  const reason = doubt ?? (differences.length > 0 ? undefined : unknown[0])
  return {
    state: reason !== undefined ? 'unknown' : differences.length > 0 ? 'drift' : 'clean',
    ...(reason !== undefined && { reason }),
    ...((leftOut || unknown.length > 0 || failure !== undefined || doubt !== undefined) && {
      partial: true as const,
    }),
    roundTrips,
    tasks: Object.fromEntries(counts),
  }
}

function byName<From, To>(
  map: ReadonlyMap<string, From>,
  make: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries([...map].map(([name, value]) => [name, make(value, name)]))
}
