import { posix } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { quote } from '../core/quote.js'
import { resourceType, stepPart } from './define.js'
import { handedDown, newOwner, pathEffects, pathOf, within } from './paths.js'
import { checkAccount, checkMode, checkPath, checkWord, refuse } from './parameters.js'
import { identity } from './probes/identity.js'
import { stat, type Entry } from './probes/stat.js'
import { supposing } from './supposing.js'
import type { Ask, CommonOptions, Plan, Resource, StepKind } from './types.js'
import { assertParent, attributeChanges, setAttributes } from './write.js'

export interface DirectoryOptions {
  /** Absolute. */
  readonly path: string
  /** Octal digits as a text. @default what the directory has; 0755 for a new one */
  readonly mode?: string
  /** Name or number. @default what the directory has; the user that runs, for a new one */
  readonly owner?: string
  /** Name or number. @default what the directory has; that of the user or parent, for a new one */
  readonly group?: string
  /** `absent` removes all that is in it too. @default 'present' */
  readonly state?: 'present' | 'absent'
  /** Makes missing parents, with mode 0755 and the user that runs as owner. @default true */
  readonly parents?: boolean
}

const describe = resourceType<DirectoryOptions>({
  name: 'directory',
  title: ({ path }) => path,
  reads: ({ path, parents }) => [
    stat(path),
    ...(parents === false ? [stat(posix.dirname(path))] : ancestors(path).map((one) => stat(one))),
    identity(),
  ],
  plan: supposing((wish, ask) => (wish.state === 'absent' ? remove(wish, ask) : make(wish, ask))),
})

/**
 * A directory, its mode and owner. A symlink to a directory counts as one.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/file_module.html
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED where something else is there
 * @example
 * directory({ path: '/srv/app', owner: 'app', mode: '0750' })
 */
export function directory(options: DirectoryOptions & CommonOptions): Resource {
  const path = checkPath(options.path)
  const mode = checkMode(options.mode)
  checkAccount(options.owner, 'owner')
  checkAccount(options.group, 'group')
  if (checkWord(options.state, 'state', ['present', 'absent']) === 'absent' && path === '/')
    refuse('Cannot remove "/": it is the root directory', 'Give another path')
  return describe({ ...options, path, ...(mode !== undefined && { mode }) })
}

function make(wish: DirectoryOptions, ask: Ask): Plan {
  const { path } = wish
  const task = `directory ${path}`
  const now = ask(stat(path))
  const current = now.type === 'symlink' ? ask(stat(`${path}/.`)) : now
  if (current.type === 'directory') {
    const changes = attributeChanges(current, wish)
    if (changes.length === 0) return { changes, steps: [] }
    const wanted = { ...current, ...attributes(wish) }
    const at = now.type === 'symlink' ? `${path}/.` : path
    return {
      changes,
      steps: [{ script: setAttributes(at, exact(wish, wanted)) }],
      effects: { becomes: [[stat(at), withoutIds(wanted)]] },
    }
  }
  if (now.type !== 'absent')
    throw new HostwrightError(
      'TASK_FAILED',
      `Cannot make directory "${path}": there is a ${now.type}`,
      {
        hint: 'Remove it first, or use another path',
      },
    )
  if (wish.parents === false) assertParent(ask, path)
  const missing = ancestors(path).filter(
    (one) => wish.parents !== false && ask(stat(one)).type === 'absent',
  )
  const usual = handedDown(ask, path) === undefined ? '0755' : '2755'
  const created: Entry = { type: 'directory', mode: usual, size: 0, ...newOwner(ask, path) }
  const wanted = { ...created, ...attributes(wish) }
  const isOwner = wanted.owner === created.owner && wanted.group === created.group
  const { mode } = exact(wish, wanted)
  const owner = isOwner ? undefined : `${wanted.owner}:${wanted.group}`
  const made = { path, mode, parents: wish.parents !== false, owner }
  return {
    changes: [{ property: 'state', from: 'absent', to: 'directory' }],
    steps: [{ script: making.script([made]), part: stepPart(making, made) }],
    effects: {
      ...pathEffects(task, path, wanted, null),
      becomes: [[stat(path), wanted], ...missing.map((one) => [stat(one), created] as const)],
    },
  }
}

interface Made {
  readonly path: string
  readonly mode: string
  readonly parents: boolean
  /** With the group; undefined where what the shell creates has the wished ones anyway. */
  readonly owner: string | undefined
}

/** Directories that are alike are made by one program where they stand side by side or in one another. */
const making: StepKind<Made> = {
  script(parts) {
    const runs: Made[][] = []
    for (const part of parts) {
      const run = runs.at(-1) ?? []
      if (run[0] && isAlike(part, run[0]) && isBeside(part.path, run)) run.push(part)
      else runs.push([part])
    }
    return ['umask 022', ...runs.map(makeAlike)].join(' && ')
  },
}

function isAlike(one: Made, other: Made): boolean {
  return one.mode === other.mode && one.parents === other.parents && one.owner === other.owner
}

function isBeside(path: string, run: readonly Made[]): boolean {
  const parent = posix.dirname(path)
  return parent === posix.dirname(run[0]!.path) || run.some((made) => made.path === parent)
}

/** A directory itself is never wider than wished, not even for a moment. */
function makeAlike(run: readonly Made[]): string {
  const { mode, parents, owner } = run[0]!
  const list = run.map(({ path }) => quote(path))
  const paths = list.join(' ')
  const mkdir = `mkdir ${parents ? '-p ' : ''}-m ${mode} -- ${paths}`
  // It goes on after one that cannot be made; of those after that one none is to be left.
  const made = `set -- && for path in ${list.toReversed().join(' ')}; do [ -e "$path" ] || [ -L "$path" ] || set -- "$@" "$path"; done`
  // The owner is set first, see setAttributes. Ones that have come meanwhile mkdir leaves as they are.
  return [
    ...(run.length === 1
      ? [mkdir]
      : [made, `{ ${mkdir} || { rmdir -- "$@" 2>/dev/null; false; }; }`]),
    ...(owner === undefined ? [] : [`chown -h -- ${quote(owner)} ${paths}`]),
    `chmod -- ${mode} ${paths}`,
  ].join(' && ')
}

function remove({ path }: DirectoryOptions, ask: Ask): Plan {
  const now = ask(stat(path))
  if (now.type === 'absent') return { changes: [], steps: [] }
  if (now.type !== 'directory')
    throw new HostwrightError(
      'TASK_FAILED',
      `Cannot remove directory "${path}": there is a ${now.type}`,
      {
        hint: `Use file({ path: '${path}', state: 'absent' })`,
      },
    )
  const effects = pathEffects(`directory ${path}`, path, { type: 'absent' }, null)
  return {
    changes: [{ property: 'state', from: 'directory', to: 'absent' }],
    steps: [{ script: `rm -rf --one-file-system -- ${quote(path)}` }],
    effects: {
      ...effects,
      stale: (query) => isInside(pathOf(query), path) || effects.stale?.(query) === true,
      unknown: {
        when: (query, answer) =>
          isInside(pathOf(query), path) || effects.unknown?.when(query, answer) === true,
        reason: `directory ${path} would be removed first`,
      },
    },
  }
}

function isInside(path: string | undefined, folder: string): boolean {
  return path !== undefined && path !== folder && within(path, folder)
}

/** With four digits chmod leaves a directory's setgid bit, which it may have from its parent. */
function exact<Wanted extends Entry>(wish: DirectoryOptions, wanted: Wanted): Wanted {
  return wish.mode === undefined ? wanted : { ...wanted, mode: `0${wanted.mode}` }
}

function attributes({ mode, owner, group }: DirectoryOptions): Partial<Entry> {
  return {
    ...(mode !== undefined && { mode }),
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
  }
}

/** Numbers may be of owners that were; names alone are sure. */
function withoutIds({ uid: _uid, gid: _gid, ...entry }: Entry): Entry {
  return entry
}

/** From the nearest parent up, the root left out. */
function ancestors(path: string): string[] {
  const parent = posix.dirname(path)
  return parent === '/' ? [] : [parent, ...ancestors(parent)]
}
