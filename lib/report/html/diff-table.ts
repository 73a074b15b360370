import { structuredPatch } from 'diff'
import type { Change } from '../events.js'
import type { PageChange, PageDiff } from './types.js'

/** What a page shows of one diff; the rest is in the record. */
const mostLines = 600
const longestLine = 1_000
/** Milliseconds for one comparison and for all: texts that differ everywhere would take minutes. */
const patience = { one: 500, all: 10_000, least: 10 }

export interface DiffTable {
  /** A change as the page holds it: hosts that changed in the same way share one diff. */
  change(change: Change): PageChange
  readonly diffs: readonly PageDiff[]
}

/** Gathers the diffs of a page, compared when they are met. */
export function createDiffTable(): DiffTable {
  const diffs: PageDiff[] = []
  const known = new Map<string, number>()
  let left = patience.all
  const add = (before: string, after: string): number => {
    const key = `${before.length} ${before}${after}`
    const present = known.get(key)
    if (present !== undefined) return present
    const started = performance.now()
    const timeout = Math.max(patience.least, Math.min(patience.one, left))
    const place = diffs.push(compare(before, after, timeout)) - 1
    left -= performance.now() - started
    known.set(key, place)
    return place
  }
  return {
    diffs,
    change({ property, from, to, before, after }) {
      if (before === undefined && after === undefined) return { property, from, to }
      return { property, from, to, diff: add(before ?? '', after ?? '') }
    },
  }
}

function compare(before: string, after: string, timeout: number): PageDiff {
  if (before === after)
    return { added: 0, removed: 0, hunks: [], note: 'differs only in what is secret' }
  const patch = structuredPatch('', '', before, after, undefined, undefined, {
    context: 3,
    timeout,
  })
  if (patch === undefined)
    return { added: 0, removed: 0, hunks: [], note: 'too different to show line by line' }
  const all = patch.hunks.flatMap(({ lines }) => lines)
  const count = (sign: string) => all.filter((line) => line.startsWith(sign)).length
  let room = mostLines
  const hunks = patch.hunks.flatMap(({ oldStart, newStart, lines }) => {
    const shown = lines.slice(0, room).map(cut)
    room -= shown.length
    return shown.length === 0 ? [] : [{ before: oldStart, after: newStart, lines: shown }]
  })
  const more = all.length - mostLines
  return {
    added: count('+'),
    removed: count('-'),
    hunks,
    ...(more > 0 && { note: `${more} more lines are in the record` }),
  }
}

function cut(line: string): string {
  return line.length > longestLine ? `${line.slice(0, longestLine)}…` : line
}
