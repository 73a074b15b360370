import type { HostRecap, HostwrightEvent, Reporter } from './events.js'

const zero: HostRecap = {
  ok: 0,
  changed: 0,
  unreachable: 0,
  failed: 0,
  skipped: 0,
  unknown: 0,
  roundTrips: 0,
}

/** A reporter that counts for the recap. */
export interface Recap extends Reporter {
  /** The engine's count of messages exchanged with a host; the last call wins. */
  setRoundTrips(host: string, roundTrips: number): void
  /** The counts until now, for every host of the run, in the order met. */
  hosts(): Readonly<Record<string, HostRecap>>
}

/**
 * Counts tasks and failures per host, as Ansible does: what changed is ok as well, and a task that
 * failed counts when it ended the host's play, not when the play caught it. `unknown` is neither ok
 * nor changed. A check counts as a task does, and one that does not hold as a failure.
 */
export function createRecap(): Recap {
  const counts = new Map<string, HostRecap>()
  const add = (host: string, more: Partial<HostRecap>) => {
    const before = counts.get(host) ?? zero
    const sums = Object.entries(more).map(([key, value]) => [
      key,
      before[key as keyof HostRecap] + value,
    ])
    counts.set(host, { ...before, ...(Object.fromEntries(sums) as Partial<HostRecap>) })
  }
  return {
    event(event) {
      for (const [host, more] of counted(event)) add(host, more)
    },
    setRoundTrips: (host, roundTrips) => {
      counts.set(host, { ...(counts.get(host) ?? zero), roundTrips })
    },
    hosts: () => Object.fromEntries(counts),
  }
}

/** What an event adds to which host; a host that is only named is counted with nothing. */
function counted(event: HostwrightEvent): readonly (readonly [string, Partial<HostRecap>])[] {
  if (event.type === 'run' || event.type === 'play') return event.hosts.map((host) => [host, {}])
  if (event.type === 'failure')
    return [[event.host, event.unreachable ? { unreachable: 1 } : { failed: 1 }]]
  if (event.type === 'check')
    return [[event.host, { [event.result === 'passed' ? 'ok' : event.result]: 1 }]]
  if (event.type !== 'task' || event.status === 'failed') return []
  if (event.status === 'changed') return [[event.host, { ok: 1, changed: 1 }]]
  return [[event.host, { [event.status]: 1 }]]
}
