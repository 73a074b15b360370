import { HostwrightError } from '../core/errors.js'
import { Secret } from '../core/secret.js'
import { resourceType } from './define.js'
import { chomp, editPlan, editReads, insertLines } from './edit.js'
import { checkPosition, placeOf, textOf, type Position } from './lineInFile.js'
import { checkLine, checkWord, refuse } from './parameters.js'
import { supposing } from './supposing.js'
import type { CommonOptions, Resource } from './types.js'
import { checkAttributes, type FileAttributes } from './write.js'

export interface BlockInFileOptions extends FileAttributes, Position {
  /** The lines between the markers; an empty block is taken out. A secret never shows. */
  readonly block?: string | Secret
  /**
   * The lines around the block; `{mark}` stands for BEGIN and END. Two blocks in one file need two
   * markers. @default '# {mark} HOSTWRIGHT MANAGED BLOCK'
   */
  readonly marker?: string
  /** @default 'present' */
  readonly state?: 'present' | 'absent'
  /** Makes the file if it does not exist. @default false */
  readonly create?: boolean
}

const usualMarker = '# {mark} HOSTWRIGHT MANAGED BLOCK'

const describe = resourceType<BlockInFileOptions>({
  name: 'blockInFile',
  title: ({ path }) => path,
  reads: ({ path }) => editReads(path),
  plan: supposing((wish, ask) =>
    editPlan(ask, {
      ...wish,
      task: `blockInFile ${wish.path}`,
      create: wish.create === true && wish.state !== 'absent',
      sensitive: wish.block instanceof Secret,
      edit: (lines) => edit(wish, lines),
    }),
  ),
})

/**
 * A block of lines of a text file, between two marker lines. It stays where it is found; a new one
 * goes where `insertAfter` or `insertBefore` says, else to the end. A symlink is followed.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/blockinfile_module.html
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED, VALIDATION_FAILED
 * @example
 * blockInFile({ path: '/etc/fstab', block: 'tmpfs /tmp tmpfs defaults 0 0' })
 */
export function blockInFile(options: BlockInFileOptions & CommonOptions): Resource {
  const checked = checkAttributes(options)
  const { block, marker, state, path } = checked
  const absent = checkWord(state, 'state', ['present', 'absent']) === 'absent'
  if (block === undefined && !absent)
    refuse(`Cannot edit "${path}": no block is given`, `Give block, or state: 'absent'`)
  if (marker !== undefined && !checkLine(marker, 'marker').includes('{mark}'))
    refuse(`Cannot use marker "${marker}": it does not hold {mark}`, `For example '${usualMarker}'`)
  checkPosition(options)
  return describe(checked)
}

function edit(wish: BlockInFileOptions, lines: readonly string[]): readonly string[] {
  const marker = wish.marker ?? usualMarker
  const begin = marker.replaceAll('{mark}', 'BEGIN')
  const end = marker.replaceAll('{mark}', 'END')
  const text = wish.state === 'absent' ? '' : textOf(wish.block ?? '').replace(/\n+$/, '')
  const added = text === '' ? [] : [begin, ...text.split('\n'), end]
  const first = lines.findLastIndex((line) => chomp(line) === begin)
  const last = lines.findLastIndex((line) => chomp(line) === end)
  if (first < 0 && last < 0)
    return added.length === 0 ? lines : insertLines(lines, placeOf(wish, lines), added)
  if (first < 0 || last < first)
    throw new HostwrightError(
      'TASK_FAILED',
      `Cannot edit "${wish.path}": ${first < 0 || last < 0 ? `there is only one of the markers "${begin}" and "${end}"` : `the marker "${end}" stands before "${begin}"`}`,
      { hint: 'Put the markers in order, or take both out' },
    )
  return insertLines([...lines.slice(0, first), ...lines.slice(last + 1)], first, added)
}
