import { isUtf8 } from 'node:buffer'
import { posix } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { content } from './probes/content.js'
import { stat } from './probes/stat.js'
import type { Ask, Plan, Query } from './types.js'
import { writePlan, writeReads, type FileAttributes } from './write.js'

/** What {@link editPlan} asks for. */
export function editReads(path: string): Query[] {
  return [...writeReads(path), content(path)]
}

export interface Editing extends FileAttributes {
  readonly task: string
  /** A file that does not exist counts as an empty one. */
  readonly create: boolean
  readonly sensitive: boolean
  /** From the lines as they are, each with its line break, to the lines as they should be. */
  readonly edit: (lines: readonly string[]) => readonly string[]
}

/** The plan of a change of some lines of a file. A symlink is followed and stays. */
export function editPlan(ask: Ask, editing: Editing): Plan {
  const path = followLinks(ask, editing.path)
  const now = ask(stat(path))
  const bytes = ask(content(editing.path))
  if (bytes === null && now.type === 'file')
    throw new HostwrightError('TASK_FAILED', `Cannot read "${path}": permission denied`, {
      hint: 'Use become',
    })
  // A text in another encoding keeps its bytes.
  const encoding = bytes === null || isUtf8(bytes) ? 'utf8' : 'latin1'
  const before = bytes?.toString(encoding) ?? ''
  const after = editing.edit(splitLines(before)).join('')
  const strange = encoding === 'latin1' ? /[^\0-\u00ff]/u.exec(after)?.[0] : undefined
  if (strange !== undefined)
    throw new HostwrightError(
      'TASK_FAILED',
      `Cannot edit "${path}": it is not UTF-8, and its encoding has no "${strange}"`,
      { hint: 'Write the file in UTF-8 first, or leave the character out' },
    )
  if (bytes === null && !editing.create) {
    if (after === before) return { changes: [], steps: [] }
    throw new HostwrightError('TASK_FAILED', `Cannot edit "${path}": it does not exist`, {
      hint: 'Use create: true to make it',
    })
  }
  const { edit: _edit, create: _create, ...writing } = editing
  const plan = writePlan(ask, {
    ...writing,
    path,
    bytes: Buffer.from(after, encoding),
    same: after === before,
  })
  if (path === editing.path || plan.effects === undefined) return plan
  const seenThroughLink = plan.effects.becomes?.find(([{ kind }]) => kind.name === 'content')
  const becomes = [
    ...(plan.effects.becomes ?? []),
    [content(editing.path), seenThroughLink?.[1]] as const,
  ]
  return { ...plan, effects: { ...plan.effects, becomes } }
}

/** Lines with their line breaks. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

/** A line without its line break. */
export function chomp(line: string): string {
  return line.replace(/[\r\n]+$/, '')
}

/**
 * Puts lines in front of the line of that number; the line before them gets a line break if it has
 * none.
 */
export function insertLines(
  lines: readonly string[],
  at: number,
  added: readonly string[],
): readonly string[] {
  const before = lines.slice(0, at)
  const last = before.at(-1)
  if (last !== undefined && !last.endsWith('\n')) before[before.length - 1] = `${last}\n`
  return [...before, ...added.map((line) => `${line}\n`), ...lines.slice(at)]
}

/** The end of a chain of symlinks, as far as the path itself is one. */
function followLinks(ask: Ask, path: string, left = 10): string {
  const now = ask(stat(path))
  if (now.type !== 'symlink' || now.target === undefined) return path
  if (left === 0)
    throw new HostwrightError('TASK_FAILED', `Cannot edit "${path}": its symlinks go in a circle`)
  return followLinks(ask, posix.resolve(posix.dirname(path), now.target), left - 1)
}
