import { readFileSync } from 'node:fs'
import { HostwrightError } from '../core/errors.js'
import { quote } from '../core/quote.js'
import { Secret } from '../core/secret.js'
import { resourceType } from './define.js'
import { locate } from './locate.js'
import { pathEffects, pathOf, reloadUnits, sum } from './paths.js'
import { checkWord, refuse } from './parameters.js'
import { sha256 } from './probes/sha256.js'
import { stat } from './probes/stat.js'
import { supposing } from './supposing.js'
import type { CommonOptions, Resource, ResourceType } from './types.js'
import {
  attributeChanges,
  checkAttributes,
  setAttributes,
  writePlan,
  writeReads,
  type FileAttributes,
} from './write.js'

export interface FileOptions extends FileAttributes {
  /** The whole content. A secret never shows, in no difference either. */
  readonly content?: string | Uint8Array | Secret
  /** A file of the controller, relative to `files/` beside the calling file, or to that file. */
  readonly source?: string
  /** @default 'present' */
  readonly state?: 'present' | 'absent'
}

export interface FileWish extends FileAttributes {
  readonly bytes?: Buffer
  readonly sensitive: boolean
  readonly state: 'present' | 'absent'
}

/** A file of a given content, whichever function has described it. */
export function fileType(name: string): ResourceType<FileWish> {
  return {
    name,
    title: ({ path }) => path,
    reads: ({ path, bytes }) => [
      ...writeReads(path),
      ...(bytes === undefined ? [] : [sha256(path)]),
    ],
    plan: supposing(
      (wish, ask) => {
        const { path, bytes } = wish
        const task = `${name} ${path}`
        const now = ask(stat(path))
        if (wish.state === 'absent') {
          if (now.type === 'absent') return { changes: [], steps: [] }
          if (now.type === 'directory')
            throw new HostwrightError('TASK_FAILED', `Cannot remove "${path}": it is a directory`, {
              hint: `Use directory({ path: '${path}', state: 'absent' }), which removes all that is in it`,
            })
          return {
            changes: [{ property: 'state', from: now.type, to: 'absent' }],
            steps: [{ script: `rm -f -- ${quote(path)}${reloadUnits(path)}` }],
            effects: pathEffects(task, path, { type: 'absent' }, null),
          }
        }
        if (bytes !== undefined) {
          const present = now.type === 'file' ? ask(sha256(path)) : null
          if (now.type === 'file' && present === null)
            throw new HostwrightError('TASK_FAILED', `Cannot read "${path}": permission denied`, {
              hint: 'Use become',
            })
          return writePlan(ask, { ...wish, task, bytes, same: present === sum(bytes) })
        }
        if (now.type !== 'file')
          throw new HostwrightError(
            'TASK_FAILED',
            `Cannot set mode and owner of "${path}": ${now.type === 'absent' ? 'it does not exist' : 'it is not a file'}`,
            { hint: now.type === 'absent' ? 'Give its content too' : 'Use another path' },
          )
        const changes = attributeChanges(now, wish)
        if (changes.length === 0) return { changes, steps: [] }
        const wanted = { mode: now.mode, owner: now.owner, group: now.group, ...wish }
        const { mode, owner, group } = wanted
        return {
          changes,
          steps: [{ script: setAttributes(path, wanted) }],
          effects: {
            becomes: [[stat(path), { type: 'file', size: now.size, mode, owner, group }]],
          },
        }
      },
      (query, { path, bytes }) => pathOf(query) === path && bytes !== undefined,
    ),
  }
}

const describe = resourceType(fileType('file'))

/**
 * A file: its content, mode and owner. Without `content` and `source` only mode and owner are set,
 * and the file must exist.
 *
 * Writes are atomic. A symlink at the path is replaced by the file, as Ansible's copy does, and
 * what it points to stays. A unit file of systemd is loaded as soon as it is written.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/copy_module.html
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED where the directory does not
 *   exist or the path is no file, VALIDATION_FAILED
 * @example
 * file({ path: '/etc/motd', content: 'Welcome\n', mode: '0644' })
 */
export function file(options: FileOptions & CommonOptions): Resource {
  const { content, source, state, ...rest } = checkAttributes(options)
  checkWord(state, 'state', ['present', 'absent'])
  if (content !== undefined && source !== undefined)
    refuse(`Cannot write "${rest.path}": both content and source are given`, 'Give one of them')
  if (state === 'absent' && (content ?? source) !== undefined)
    refuse(`Cannot remove "${rest.path}": content or source is given`, 'Leave it out')
  const bytes = source === undefined ? toBytes(content) : readFileSync(locate(source, 'files'))
  return describe({
    ...rest,
    state: state ?? 'present',
    sensitive: content instanceof Secret,
    ...(bytes !== undefined && { bytes }),
  })
}

function toBytes(content: FileOptions['content']): Buffer | undefined {
  if (content === undefined) return undefined
  const plain = content instanceof Secret ? content.reveal() : content
  return typeof plain === 'string' ? Buffer.from(plain) : Buffer.from(plain)
}
