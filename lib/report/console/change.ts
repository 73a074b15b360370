import { createRequire } from 'node:module'
import type * as Diff from 'diff'
import type { Change } from '../events.js'
import { plainText, shorten } from '../text.js'
import type { Paint } from './paint.js'

/** Loaded on first use, which saves runs without differences its start. */
const load = createRequire(import.meta.url)

/** Characters of a value that are shown; the whole of it is in the run's record. */
const longest = 120
/** Milliseconds; texts that differ everywhere would take minutes to compare. */
const patience = { timeout: 500 }

/**
 * The lines about one change: `mode: 0600 → 0644`; for whole texts how many lines come and go, and
 * with `diff` which.
 */
export function changeLines(change: Change, diff: boolean, paint: Paint): readonly string[] {
  const name = shorten(change.property, longest)
  if (change.before === undefined && change.after === undefined)
    return [`${name}: ${shorten(change.from, longest)} → ${shorten(change.to, longest)}`]
  const before = change.before ?? ''
  const after = change.after ?? ''
  if (before === after) return [`${name}: differs only in what is secret`]
  const head = `${name}: ${counts(before, after)}`
  return diff ? [head, ...unified(before, after, paint)] : [head]
}

function counts(before: string, after: string): string {
  if (before === '' || after === '') return `+${lines(after)} −${lines(before)} lines`
  const { diffLines } = load('diff') as typeof Diff
  const parts = diffLines(before, after, patience)
  if (parts === undefined) return 'changed nearly everywhere'
  const sum = (wanted: 'added' | 'removed') =>
    parts.reduce((total, part) => total + (part[wanted] ? part.count : 0), 0)
  return `+${sum('added')} −${sum('removed')} lines`
}

function lines(text: string): number {
  return text === '' ? 0 : text.replace(/\n$/, '').split('\n').length
}

function unified(before: string, after: string, paint: Paint): readonly string[] {
  const { structuredPatch } = load('diff') as typeof Diff
  const patch = structuredPatch('', '', before, after, undefined, undefined, {
    context: 3,
    ...patience,
  })
  if (patch === undefined) return ['(too different to show line by line)']
  return patch.hunks.flatMap((hunk) => [
    paint('cyan', `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`),
    ...hunk.lines.map((line) => painted(plainText(line), paint)),
  ])
}

function painted(line: string, paint: Paint): string {
  if (line.startsWith('+')) return paint('green', line)
  return line.startsWith('-') ? paint('red', line) : line
}
