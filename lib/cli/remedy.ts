import { redact } from '../core/secret.js'
import { isExplained } from '../drift/explained.js'
import type { DriftRecord, Seen } from '../drift/index.js'
import { taskKey } from '../drift/seen.js'
import type { Purpose } from './purpose.js'

/**
 * The run that makes so what has drifted: findings, what could not be looked at because of them, and
 * the handlers that these notify. All hosts take part, since others may do something on behalf of one
 * that has drifted, or be who does what is done once. Nothing where nothing has drifted.
 */
export function remedy({ findings }: DriftRecord, seen: Seen): Pick<Purpose, 'mends'> | undefined {
  // What a playbook only checks, no run makes so.
  const open = findings.filter(
    ({ state, task }) => state !== 'resolved' && !task.startsWith('check '),
  )
  const hosts = new Set(open.map(({ host }) => host))
  if (hosts.size === 0) return undefined
  const drifted = new Set(open.map(({ host, role, task }) => `${host}\0${taskKey(role, task)}`))
  const looked = new Map([...hosts].map((host) => [host, lookedAt(seen, host, hosts)]))
  return {
    mends: (host, role, task) => {
      // As events have it, of which findings are made.
      const key = redact(taskKey(role, task))
      return drifted.has(`${redact(host)}\0${key}`) || looked.get(redact(host))?.has(key) === false
    },
  }
}

/** The tasks of a host of which one knows; undefined where that is all, or drift is not the reason. */
function lookedAt(
  seen: Seen,
  name: string,
  drifted: ReadonlySet<string>,
): ReadonlySet<string> | undefined {
  const host = seen.hosts.get(name)
  if (!host || host.unknown.length === 0) return undefined
  if (host.unknown.some((why) => !isExplained(why, name, drifted))) return undefined
  return new Set([...host.tasks.keys()].map((key) => key.replace(/ #\d+$/, '')))
}
