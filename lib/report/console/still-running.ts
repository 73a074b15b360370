import { elapsed, shorten } from '../text.js'
import type { Activity } from './activities.js'

/** Milliseconds after which a task is worth a line, and after which it is worth the next. */
const first = 10_000
const again = 60_000

/** Tells, each time it is called, which tasks have run so long that a line about them is due. */
export function stillRunning(): (
  activities: readonly Activity[],
  now: number,
) => readonly string[] {
  const told = new Map<string, { readonly since: number; readonly at: number }>()
  return (activities, now) =>
    activities.flatMap(({ host, busy, what, since, line }) => {
      const last = told.get(host)
      const due = last?.since === since ? last.at + again : since + first
      if (!busy || now < due) return []
      told.set(host, { since, at: now })
      return [
        `still running: [${host}] ${what} (${elapsed(now - since)})${line === '' ? '' : `: ${shorten(line, 100)}`}`,
      ]
    })
}
