import type { HostwrightEvent } from '../events.js'
import { lastLine } from '../text.js'
import { taskName } from './event-lines.js'

/** What a host does now, or did last. */
export interface Activity {
  readonly host: string
  readonly busy: boolean
  /** The task that runs; of an idle host the one that ended last, or that it waits. */
  readonly what: string
  /** When it began, in milliseconds. */
  readonly since: number
  /** The last line of output. */
  readonly line: string
}

export interface Activities {
  event(event: HostwrightEvent): void
  /** The hosts of the plays that run, in the inventory's order. */
  all(): readonly Activity[]
}

/**
 * Follows the events for what each host does now. A host does one thing at a time: a task that
 * starts takes the place of the one before.
 *
 * @param now gives milliseconds
 */
export function createActivities(now: () => number): Activities {
  const hosts = new Map<string, Activity>()
  // A name is put together only for what is shown.
  const set = (host: string, busy: boolean, name: () => string) =>
    hosts.set(host, {
      host,
      busy,
      get what() {
        return name()
      },
      since: now(),
      line: '',
    })
  const event = (happened: HostwrightEvent): void => {
    if (happened.type === 'start') set(happened.host, true, () => taskName(happened))
    if (happened.type === 'end') set(happened.host, false, () => taskName(happened))
    if (happened.type === 'task')
      set(happened.host, false, () => `${taskName(happened)}: ${happened.status}`)
    if (happened.type === 'check')
      set(happened.host, false, () => `check ${happened.check}: ${happened.result}`)
    if (happened.type === 'failure') hosts.delete(happened.host)
    if (happened.type === 'recap') hosts.clear()
    if (happened.type === 'output') {
      const activity = hosts.get(happened.host)
      const line = lastLine(happened.text)
      if (activity?.busy === true && line !== '') hosts.set(happened.host, { ...activity, line })
    }
    if (happened.type === 'play') {
      for (const [host, { busy }] of hosts) if (!busy) hosts.delete(host)
      for (const host of happened.hosts) if (!hosts.has(host)) set(host, false, () => 'waits')
    }
  }
  return { event, all: () => [...hosts.values()] }
}
