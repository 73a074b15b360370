import { HostwrightError } from '../core/errors.js'
import { quote } from '../core/quote.js'
import { resourceType } from './define.js'
import { isUnitFile, newOwner, pathEffects, pathOf, reloadUnits } from './paths.js'
import { checkLine, checkPath, checkWord, refuse } from './parameters.js'
import { stat } from './probes/stat.js'
import { supposing } from './supposing.js'
import type { CommonOptions, Resource } from './types.js'
import { assertParent, writeReads } from './write.js'

export interface SymlinkOptions {
  /** Absolute: where the link stands. */
  readonly path: string
  /** What it points to, written into the link as it is. It need not exist. Not for `absent`. */
  readonly target?: string
  /** @default 'present' */
  readonly state?: 'present' | 'absent'
  /** Replaces a file that stands at the path; a directory never. @default false */
  readonly force?: boolean
}

const describe = resourceType<SymlinkOptions>({
  name: 'symlink',
  title: ({ path }) => path,
  reads: ({ path }) => writeReads(path),
  plan: supposing(({ path, target = '', state, force }, ask) => {
    const task = `symlink ${path}`
    const now = ask(stat(path))
    const from = now.type === 'symlink' ? (now.target ?? '') : now.type
    if (state === 'absent') {
      if (now.type === 'absent') return { changes: [], steps: [] }
      if (now.type !== 'symlink')
        refuseOther(`Cannot remove symlink "${path}": there is a ${now.type}`)
      return {
        changes: [{ property: 'target', from, to: 'absent' }],
        steps: [{ script: `rm -f -- ${quote(path)}${reloadUnits(path)}` }],
        effects: pathEffects(task, path, { type: 'absent' }, null),
      }
    }
    if (now.type === 'symlink' && now.target === target) return { changes: [], steps: [] }
    if (now.type === 'directory' || now.type === 'other' || (now.type === 'file' && force !== true))
      refuseOther(
        `Cannot make symlink "${path}": there is a ${now.type}`,
        now.type === 'file' ? 'Use force: true to replace it' : 'Remove it first',
      )
    assertParent(ask, path)
    const entry = { type: 'symlink', mode: '0777', size: target.length, target } as const
    const { becomes, ...rest } = pathEffects(task, path, { ...entry, ...newOwner(ask, path) }, null)
    // Made beside the old one and renamed, so that the path is never missing.
    const replace = `tmp=$(mktemp -u -- ${quote(`${path}.XXXXXX`)}) && ln -s -- ${quote(target)} "$tmp" && { mv -fT -- "$tmp" ${quote(path)} || { rm -f -- "$tmp"; exit 1; }; }`
    const make = `${isUnitFile(path) ? '' : 'exec '}ln -sT -- ${quote(target)} ${quote(path)}`
    return {
      changes: [{ property: 'target', from, to: target }],
      steps: [
        {
          script: (now.type === 'absent' ? make : replace) + reloadUnits(path),
        },
      ],
      effects: {
        ...rest,
        becomes: becomes?.filter(([query]) => query.kind.name === 'stat') ?? [],
        // What is read through the link is another file's.
        stale: (query) =>
          (pathOf(query) === path && query.kind.name !== 'stat') ||
          pathOf(query)?.startsWith(`${path}/`) === true ||
          query.kind.name === 'shell' ||
          (query.kind.name === 'unitState' && isUnitFile(path)),
        unknown: {
          when: (query, answer) =>
            (pathOf(query) === path && query.kind.name !== 'stat') ||
            pathOf(query)?.startsWith(`${path}/`) === true ||
            rest.unknown?.when(query, answer) === true,
          reason: `symlink ${path} would be changed first`,
        },
      },
    }
  }),
})

/**
 * A symbolic link.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/file_module.html
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED where something else is there
 * @example
 * symlink({ path: '/etc/nginx/sites-enabled/app', target: '../sites-available/app' })
 */
export function symlink(options: SymlinkOptions & CommonOptions): Resource {
  const path = checkPath(options.path)
  const state = checkWord(options.state, 'state', ['present', 'absent'])
  if (state !== 'absent' && !options.target)
    refuse(`Cannot make symlink "${path}": it has no target`, 'Give its target')
  if (options.target !== undefined) checkLine(options.target, 'target')
  return describe({ ...options, path })
}

function refuseOther(message: string, hint = 'Use file or directory for it'): never {
  throw new HostwrightError('TASK_FAILED', message, { hint })
}
