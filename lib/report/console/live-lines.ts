import { elapsed, shorten } from '../text.js'
import type { Activity } from './activities.js'
import type { Paint } from './paint.js'

/** Longest part of a line that a host name and a task may take. */
const longest = { host: 24, what: 60 }

/**
 * One line per host for a terminal, none wider or more than it holds: the busy hosts first where not
 * all have room, and how many are left out.
 */
export function liveLines(
  activities: readonly Activity[],
  size: { readonly rows: number; readonly columns: number },
  now: number,
  paint: Paint,
): readonly string[] {
  // One row stays for the cursor below, one for the newest line above.
  const room = Math.max(size.rows - 2, 1)
  const fits = activities.length <= room
  const shown = fits ? activities : busyFirst(activities).slice(0, room - 1)
  const names = Math.min(longest.host, Math.max(...shown.map(({ host }) => host.length), 0))
  const lines = shown.map((activity) => liveLine(activity, names, size.columns - 1, now, paint))
  const more = activities.length - shown.length
  return fits ? lines : [...lines, paint('gray', shorten(`… and ${more} more`, size.columns - 1))]
}

function busyFirst(activities: readonly Activity[]): readonly Activity[] {
  return [...activities.filter(({ busy }) => busy), ...activities.filter(({ busy }) => !busy)]
}

function liveLine(
  { host, busy, what, since, line }: Activity,
  names: number,
  columns: number,
  now: number,
  paint: Paint,
): string {
  const name = shorten(host, names).padEnd(names)
  const time = busy ? `  ${elapsed(Math.floor((now - since) / 1000) * 1000).replace('.0', '')}` : ''
  const task = shorten(what, Math.min(longest.what, columns - names - 2 - time.length))
  const left = `${name}  ${task}${time}`
  const right = line === '' ? '' : shorten(`  ${line}`, columns - left.length)
  if (left.length > columns) return shorten(left, columns)
  return busy ? `${left}${paint('gray', right)}` : paint('gray', left)
}
