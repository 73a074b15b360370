import type { CheckEvent, FailureEvent, HostRecap, Reporter, TaskEvent } from './events.js'

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
  const counts = new Map<string, Counts>()
  const of = (host: string): Counts => {
    let found = counts.get(host)
    if (!found) counts.set(host, (found = { ...zero }))
    return found
  }
  return {
    event(event) {
      // A host that is only named is counted with nothing.
      if (event.type === 'run' || event.type === 'play') for (const host of event.hosts) of(host)
      if (event.type === 'task' || event.type === 'check' || event.type === 'failure')
        for (const count of counted(event)) of(event.host)[count] += 1
    },
    setRoundTrips: (host, roundTrips) => {
      of(host).roundTrips = roundTrips
    },
    hosts: () => Object.fromEntries([...counts].map(([host, count]) => [host, { ...count }])),
  }
}

type Counts = { -readonly [Count in keyof HostRecap]: HostRecap[Count] }

/** What an event adds one to. */
function counted(event: TaskEvent | CheckEvent | FailureEvent): readonly (keyof HostRecap)[] {
  if (event.type === 'failure') return [event.unreachable ? 'unreachable' : 'failed']
  if (event.type === 'check') return [event.result === 'passed' ? 'ok' : event.result]
  if (event.status === 'failed') return []
  return event.status === 'changed' ? ['ok', 'changed'] : [event.status]
}
