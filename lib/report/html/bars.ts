import type { HostwrightEvent, TaskEvent } from '../events.js'
import type { PageBar } from './types.js'

interface Begun {
  readonly task: string
  readonly at: number
}

/**
 * When each host was busy with what, by the events of a run. A task tells when it ended and how long
 * it took; tasks that end at the same moment were made one after the other.
 *
 * @param origin when the run began, milliseconds since 1970
 */
export function barsByHost(
  events: readonly HostwrightEvent[],
  origin: number,
): ReadonlyMap<string, readonly PageBar[]> {
  const bars = new Map<string, PageBar[]>()
  const begun = new Map<string, Begun>()
  const add = (host: string, bar: PageBar) => {
    const own = bars.get(host)
    if (own === undefined) bars.set(host, [bar])
    else own.push(bar)
  }
  for (const event of events) {
    const at = Date.parse(event.time) - origin
    if (event.type === 'start') begun.set(event.host, { task: event.task, at })
    if (event.type === 'end') {
      const start = begun.get(event.host)
      const from = start?.task === event.task ? start.at : at
      add(event.host, { from, to: at, title: label(event.role, event.task), status: 'command' })
    }
    if (event.type === 'task' && event.duration > 0) add(event.host, barOf(event, at))
    if (event.type === 'check' && event.duration > 0)
      add(event.host, {
        from: at - event.duration,
        to: at,
        title: label(event.role, event.check),
        status: event.result === 'passed' ? 'ok' : event.result,
      })
  }
  return new Map([...bars].map(([host, own]) => [host, apart(own)]))
}

function barOf({ role, task, status, duration }: TaskEvent, at: number): PageBar {
  return { from: at - duration, to: at, title: label(role, task), status }
}

function label(role: string | undefined, task: string): string {
  return role === undefined ? task : `${role}: ${task}`
}

/** Moves what overlaps to before what came after it. */
function apart(bars: readonly PageBar[]): readonly PageBar[] {
  let limit = Number.POSITIVE_INFINITY
  return bars
    .toReversed()
    .map((bar) => {
      const to = Math.max(0, Math.min(bar.to, limit))
      const from = Math.max(0, to - (bar.to - bar.from))
      limit = from
      return { ...bar, from: Math.round(from), to: Math.round(to) }
    })
    .toReversed()
}
