import { Secret } from '../core/secret.js'
import { resourceType } from './define.js'
import { chomp, editPlan, editReads, insertLines } from './edit.js'
import { checkLine, checkWord, refuse } from './parameters.js'
import { supposing } from './supposing.js'
import type { CommonOptions, Resource } from './types.js'
import { checkAttributes, type FileAttributes } from './write.js'

/** Where lines go that are not in a file yet. */
export interface Position {
  /** After the last line that matches, at the end where none does. @default at the end */
  readonly insertAfter?: RegExp | 'EOF'
  /** Before the last line that matches, at the end where none does; `BOF`: at the beginning. */
  readonly insertBefore?: RegExp | 'BOF'
}

export interface LineInFileOptions extends FileAttributes, Position {
  /** The line. With `absent` and no `regexp`: the line to take out. A secret never shows. */
  readonly line?: string | Secret
  /** The last line that matches is replaced; with `absent`, all that match are taken out. */
  readonly regexp?: RegExp
  /** @default 'present' */
  readonly state?: 'present' | 'absent'
  /** Makes the file if it does not exist. @default false */
  readonly create?: boolean
}

const describe = resourceType<LineInFileOptions>({
  name: 'lineInFile',
  title: ({ path }) => path,
  reads: ({ path }) => editReads(path),
  plan: supposing((wish, ask) =>
    editPlan(ask, {
      ...wish,
      task: `lineInFile ${wish.path}`,
      create: wish.create === true && wish.state !== 'absent',
      sensitive: wish.line instanceof Secret,
      edit: (lines) => (wish.state === 'absent' ? takeOut(wish, lines) : putIn(wish, lines)),
    }),
  ),
})

/**
 * One line of a text file.
 *
 * The last line that `regexp` matches is replaced. Where none matches, the line is put in once, if it
 * is not there already: where `insertAfter` or `insertBefore` says, else at the end. Several on one
 * file work together. A symlink is followed.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/lineinfile_module.html
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED, VALIDATION_FAILED
 * @example
 * lineInFile({ path: '/etc/ssh/sshd_config', regexp: /^#?PermitRootLogin /, line: 'PermitRootLogin no' })
 */
export function lineInFile(options: LineInFileOptions & CommonOptions): Resource {
  const { line, regexp, state, path } = checkAttributes(options)
  const absent = checkWord(state, 'state', ['present', 'absent']) === 'absent'
  if (line === undefined && !(absent && regexp !== undefined))
    refuse(`Cannot edit "${path}": no line is given`, absent ? 'Give line or regexp' : 'Give line')
  if (line !== undefined) checkLine(textOf(line), 'line')
  checkPattern(regexp, 'regexp')
  checkPosition(options)
  return describe({ ...checkAttributes(options), path })
}

/** Checks where lines are to go. */
export function checkPosition({ insertAfter, insertBefore }: Position): void {
  if (insertAfter !== undefined && insertBefore !== undefined)
    refuse('Cannot place lines: both insertAfter and insertBefore are given', 'Give one of them')
  checkPattern(insertAfter === 'EOF' ? undefined : insertAfter, 'insertAfter')
  checkPattern(insertBefore === 'BOF' ? undefined : insertBefore, 'insertBefore')
}

/** The number of the line in front of which lines go that are not in the file yet. */
export function placeOf({ insertAfter, insertBefore }: Position, lines: readonly string[]): number {
  if (insertBefore === 'BOF') return 0
  if (insertBefore !== undefined) return lastMatch(insertBefore, lines) ?? lines.length
  if (insertAfter === undefined || insertAfter === 'EOF') return lines.length
  const found = lastMatch(insertAfter, lines)
  return found === undefined ? lines.length : found + 1
}

export function textOf(text: string | Secret): string {
  return text instanceof Secret ? text.reveal() : text
}

function checkPattern(pattern: unknown, what: string): void {
  if (pattern !== undefined && !(pattern instanceof RegExp))
    refuse(
      `Cannot use ${what} "${String(pattern)}": it is not a regular expression`,
      'Write it as /…/, or new RegExp(text)',
    )
}

function putIn(wish: LineInFileOptions, lines: readonly string[]): readonly string[] {
  const line = textOf(wish.line ?? '')
  const found =
    (wish.regexp && lastMatch(wish.regexp, lines)) ??
    nothingBelow(lines.findLastIndex((one) => chomp(one) === line))
  if (found === undefined) return insertLines(lines, placeOf(wish, lines), [line])
  return lines.with(found, line + (/[\r\n]+$/.exec(lines[found] ?? '')?.[0] ?? ''))
}

function takeOut(wish: LineInFileOptions, lines: readonly string[]): readonly string[] {
  const { regexp } = wish
  const line = textOf(wish.line ?? '')
  return lines.filter((one) => (regexp ? !matches(regexp, one) : chomp(one) !== line))
}

function lastMatch(pattern: RegExp, lines: readonly string[]): number | undefined {
  return nothingBelow(lines.findLastIndex((line) => matches(pattern, line)))
}

function nothingBelow(index: number): number | undefined {
  return index < 0 ? undefined : index
}

/** Without the flags that make an expression remember where it was. */
function matches(pattern: RegExp, line: string): boolean {
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).test(chomp(line))
}
