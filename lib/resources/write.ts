import { isUtf8 } from 'node:buffer'
import { posix } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { quote } from '../core/quote.js'
import type { Change } from '../report/events.js'
import { stepPart } from './define.js'
import { isUnitFile, newOwner, owns, pathEffects, reloadUnits, temporaryBeside } from './paths.js'
import { checkAccount, checkMode, checkPath, refuse } from './parameters.js'
import { clearing, plainWrites } from './plain-writes.js'
import { content } from './probes/content.js'
import { identity } from './probes/identity.js'
import { stat, type Entry, type Stat } from './probes/stat.js'
import { Unknown, type Ask, type Plan, type Query, type Step } from './types.js'

/** What every resource that writes a file takes. */
export interface FileAttributes {
  /** Absolute; its directory has to exist. */
  readonly path: string
  /** Octal digits as a text: `'0644'`. @default what the file has; 0644 for a new one */
  readonly mode?: string
  /** Name or number. @default what the file has; the user that runs, for a new one */
  readonly owner?: string
  /** Name or number. @default what the file has; that of the user or directory, for a new one */
  readonly group?: string
  /**
   * A command that must accept the new content before it takes the file's place: `%s`, not quoted,
   * stands for the temporary file that holds it. For example `visudo -cf %s`.
   */
  readonly validate?: string
  /** Keeps the old content beside the file, as `NAME.DATE@TIME~`. @default false */
  readonly backup?: boolean
}

/** Larger texts are not shown as differences. */
const largestDiff = 256 * 1024

/** Larger contents travel as input: in a script they are quoted, and read by the shell. */
const largestInScript = 32 * 1024

const validationFailed = 81

export function checkAttributes<Options extends FileAttributes>(options: Options): Options {
  const mode = checkMode(options.mode)
  checkAccount(options.owner, 'owner')
  checkAccount(options.group, 'group')
  if (options.validate !== undefined && !options.validate.includes('%s'))
    refuse(
      `Cannot use validate "${options.validate}": it holds no %s`,
      'Write %s where the name of the file to validate belongs',
    )
  return { ...options, path: checkPath(options.path), ...(mode !== undefined && { mode }) }
}

/** What {@link writePlan} asks for. */
export function writeReads(path: string): Query[] {
  return [stat(path), stat(posix.dirname(path)), identity()]
}

export interface Writing extends FileAttributes {
  readonly task: string
  readonly bytes: Buffer
  /** The content is right already. */
  readonly same: boolean
  /** Neither the old nor the new content may be shown. */
  readonly sensitive: boolean
}

/**
 * The plan of a file's content and attributes. The content is written to a temporary file in the
 * same directory, gets owner and mode, is validated, flushed to disk and renamed, so that nobody
 * ever reads half of it or reads it with a wider mode.
 */
export function writePlan(ask: Ask, writing: Writing): Plan {
  const { path, bytes, same, task } = writing
  const now = ask(stat(path))
  if (now.type === 'directory' || now.type === 'other')
    throw new HostwrightError('TASK_FAILED', `Cannot write "${path}": it is not a file`, {
      hint:
        now.type === 'directory'
          ? 'Remove the directory first, or use another path'
          : 'Remove it first',
    })
  assertParent(ask, path)
  const current = now.type === 'file' ? now : undefined
  const created = newOwner(ask, path)
  const wanted: Entry = {
    type: 'file',
    mode: writing.mode ?? current?.mode ?? '0644',
    owner: writing.owner ?? current?.owner ?? created.owner,
    group: writing.group ?? current?.group ?? created.group,
    size: bytes.length,
  }
  const changes: Change[] = []
  if (now.type === 'symlink')
    changes.push({ property: 'type', from: `symlink to ${now.target ?? '?'}`, to: 'file' })
  if (!same || current === undefined) changes.push(contentChange(ask, writing, current))
  const attributes = current === undefined ? [] : attributeChanges(current, wanted)
  changes.push(...attributes)
  if (changes.length === 0) return { changes, steps: [] }
  const isOwner = wanted.owner === created.owner && wanted.group === created.group
  const isShared = othersWriteTo(ask(stat(posix.dirname(path))), created.owner)
  const steps =
    changes.length > attributes.length
      ? [writeStep(writing, wanted, { exists: current !== undefined, isOwner, isShared })]
      : [{ script: setAttributes(path, wanted) }]
  return { changes, steps, effects: pathEffects(task, path, wanted, bytes) }
}

export function assertParent(ask: Ask, path: string): void {
  const parent = posix.dirname(path)
  const now = ask.maybe(stat(parent))
  // In check mode a package may bring it, which whoever asks for its owner finds out.
  if (now instanceof Unknown) return
  const { type } = now
  if (type === 'directory' || type === 'symlink') return
  throw new HostwrightError(
    'TASK_FAILED',
    `Cannot write "${path}": ${type === 'absent' ? `there is no directory "${parent}"` : `"${parent}" is not a directory`}`,
    type === 'absent' ? { hint: `Put directory({ path: '${parent}' }) before it` } : {},
  )
}

/** Which of mode, owner and group are not as wished. */
export function attributeChanges(
  current: Entry,
  wanted: { readonly mode?: string; readonly owner?: string; readonly group?: string },
): Change[] {
  const changes: Change[] = []
  if (wanted.mode !== undefined && wanted.mode !== current.mode)
    changes.push({ property: 'mode', from: current.mode, to: wanted.mode })
  for (const property of ['owner', 'group'] as const) {
    const value = wanted[property]
    if (value !== undefined && !owns(current, value, property))
      changes.push({ property, from: current[property], to: value })
  }
  return changes
}

/** The owner is set first, because setting it takes away special bits of the mode. */
export function setAttributes(
  path: string,
  { mode, owner, group }: { readonly mode: string; readonly owner: string; readonly group: string },
): string {
  return `chown -h -- ${quote(`${owner}:${group}`)} ${quote(path)} && chmod -- ${mode} ${quote(path)}`
}

function contentChange(ask: Ask, writing: Writing, current: Entry | undefined): Change {
  const { path, bytes, sensitive } = writing
  const sizes = {
    property: 'content',
    from: current === undefined ? 'absent' : size(current.size),
    to: size(bytes.length),
  }
  if (sensitive || bytes.length > largestDiff || !isText(bytes)) return sizes
  if (current === undefined) return { ...sizes, before: '', after: bytes.toString() }
  if (current.size > largestDiff) return sizes
  const before = ask(content(path))
  if (before === null || !isText(before)) return sizes
  return { ...sizes, before: before.toString(), after: bytes.toString() }
}

function size(bytes: number): string {
  return bytes === 1 ? '1 byte' : `${bytes} bytes`
}

function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0)
}

/** Whether others than the one who writes can put something else in the place of what is in a folder. */
function othersWriteTo(folder: Stat, user: string): boolean {
  if (folder.type !== 'directory' || folder.owner !== user) return true
  const mode = parseInt(folder.mode, 8)
  return (mode & 0o022) !== 0 && (mode & 0o1000) === 0
}

interface Circumstances {
  readonly exists: boolean
  /** What the shell creates has the wished owner and group anyway. */
  readonly isOwner: boolean
  /** {@link othersWriteTo} */
  readonly isShared: boolean
}

function writeStep(
  writing: Writing,
  wanted: Entry,
  { exists, isOwner, isShared }: Circumstances,
): Step {
  const { path, bytes, validate, backup } = writing
  const isSimple =
    validate === undefined &&
    backup !== true &&
    !isShared &&
    !isUnitFile(path) &&
    bytes.length <= largestInScript &&
    isText(bytes)
  const temporary = temporaryBeside(path)
  const chown = isOwner ? '' : `chown -- ${quote(`${wanted.owner}:${wanted.group}`)} "$tmp" && `
  const lines = [
    // Only dd reads the content, and just as much of it.
    'exec 3<&0 </dev/null',
    `path=${quote(path)}`,
    'umask 077',
    clearing([path]),
    // For others it is closed also where the folder's default ACL would open it. Where they
    // could put a symlink in its place it is made in a folder that nobody else enters.
    ...(isShared
      ? [
          `made=$(mktemp -d -- ${temporary}XXXXXX) || exit 1`,
          `trap 'cd / && rm -rf -- "$made"' EXIT`,
          'cd -P -- "$made" && [ -O . ] && : >new || exit 1',
          'tmp=new',
        ]
      : [
          `tmp=$(mktemp -- ${temporary}XXXXXX) || exit 1`,
          `made=$tmp`,
          `trap 'rm -f -- "$made"' EXIT`,
        ]),
    `said=$(dd bs=1M count=${bytes.length} iflag=fullblock,count_bytes conv=fsync 2>&1 <&3 >"$tmp") || { printf '%s\\n' "$said" | head -n 1 >&2; exit 1; }`,
    'exec 3<&-',
    `case $said in *out?'${bytes.length} byte'*) ;; *) echo 'the content did not arrive whole' >&2; exit 1 ;; esac`,
    ...(isOwner && !isShared && wanted.mode === '0600'
      ? []
      : [`${chown}chmod -- ${wanted.mode} "$tmp" || exit 1`]),
    ...(validate === undefined
      ? []
      : [
          `( ${validate.replaceAll('%s', isShared ? '"$made/new"' : '"$tmp"')} ) >&2 || exit ${validationFailed}`,
        ]),
    ...(backup === true && exists
      ? [`cp -a -- "$path" "$path.$(date +%Y-%m-%d@%H:%M:%S)~" || exit 1`]
      : []),
    // Where SELinux is enabled a file keeps its label, and a new one gets that of its path.
    exists
      ? `z=; [ ! -e /sys/fs/selinux/enforce ] || chcon --reference="$path" -- "$tmp" || exit 1`
      : 'z=; [ ! -e /sys/fs/selinux/enforce ] || z=Z',
    `mv -fT$z -- "$tmp" "$path"${isShared ? '' : ' && trap - EXIT'}${reloadUnits(path)}`,
  ]
  return {
    script: lines.join('\n'),
    input: bytes,
    readsExactly: true,
    ...(isSimple && {
      part: stepPart(plainWrites, { path, text: bytes.toString(), wanted, exists, isOwner }),
    }),
    errors: {
      [validationFailed]: {
        code: 'VALIDATION_FAILED',
        message: `Cannot write "${path}": its new content is refused by "${validate ?? ''}"`,
        hint: 'The file is as it was; correct the content',
      },
    },
  }
}
