import type { DriftRecord, Seen } from '../drift/index.js'
import { taskKey } from '../drift/seen.js'
import type { Purpose } from './purpose.js'

/**
 * The run that makes so what has drifted, on the hosts that have: findings, what could not be looked
 * at because of them, and the handlers that these notify. Nothing where nothing has drifted.
 */
export function remedy(
  { findings }: DriftRecord,
  seen: Seen,
): Pick<Purpose, 'limit' | 'mends'> | undefined {
  // What a playbook only checks, no run makes so.
  const open = findings.filter(
    ({ state, task }) => state !== 'resolved' && !task.startsWith('check '),
  )
  const hosts = [...new Set(open.map(({ host }) => host))]
  if (hosts.length === 0) return undefined
  const drifted = new Set(open.map(({ host, role, task }) => `${host}\0${taskKey(role, task)}`))
  const looked = new Map(hosts.map((host) => [host, lookedAt(seen, host)]))
  return {
    limit: hosts.join(','),
    mends: (host, role, task) => {
      const key = taskKey(role, task)
      return drifted.has(`${host}\0${key}`) || looked.get(host)?.has(key) === false
    },
  }
}

/** The tasks of a host of which one knows; undefined where that is all of them. */
function lookedAt(seen: Seen, name: string): ReadonlySet<string> | undefined {
  const host = seen.hosts.get(name)
  if (!host || host.unknown.length === 0) return undefined
  return new Set([...host.tasks.keys()].map((key) => key.replace(/ #\d+$/, '')))
}
