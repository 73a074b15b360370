import { posix } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { keyFingerprint } from '../core/key-fingerprint.js'
import { quote } from '../core/quote.js'
import type { Change } from '../report/events.js'
import { resourceType } from './define.js'
import { chomp, editPlan, insertLines } from './edit.js'
import { pathOf } from './paths.js'
import { checkAccount, checkLine, checkPath, checkWord, refuse } from './parameters.js'
import { account } from './probes/account.js'
import { content } from './probes/content.js'
import { stat, type Entry } from './probes/stat.js'
import { supposing } from './supposing.js'
import type { Ask, CommonOptions, Plan, Query, Resource, Unknown } from './types.js'
import { writeReads } from './write.js'

export interface AuthorizedKeyOptions {
  /** Who may be logged in as. */
  readonly user: string
  /** A line of a .pub file: type, key and, if any, comment. */
  readonly key: string
  /** As before a key in authorized_keys, for example `restrict,from="198.51.100.11"`. @default none */
  readonly options?: string
  /** @default 'present' */
  readonly state?: 'present' | 'absent'
  /** @default .ssh/authorized_keys in the user's home */
  readonly path?: string
  /**
   * Removes every other key from the file, also the one by which you log in, unless it is wanted too:
   * what an `authorizedKey` of the same `ensure` puts there stays, and so do comments. @default false
   */
  readonly exclusive?: boolean
}

interface Wish extends AuthorizedKeyOptions {
  /** With `exclusive`: those of the same `ensure`, which may be of another file. */
  readonly wanted?: readonly AuthorizedKeyOptions[]
}

/** What a key is: two lines with the same type and blob are the same key. */
interface Key {
  readonly options: string
  readonly id: string
  readonly comment: string
}

/** Options, which may hold spaces in quotes; type and blob; comment: a line as sshd reads it. */
const pattern =
  /^(?:((?:\\"|"(?:\\"|(?!\\")[^"])*"|(?!\\")[^\s"])+)\s+)?((?:ssh-|ecdsa-|sk-)[a-z0-9@.-]+\s+AAAA[A-Za-z0-9+/]+={0,3})(?:\s+(.*))?$/

/** The blob of any key, also where its type is written so that only sshd knows it. */
const anyBlob = /AAAA[A-Za-z0-9+/]+={0,3}/

const describe = resourceType<Wish>({
  name: 'authorizedKey',
  title: ({ user, key, path }) =>
    `${user} ${readKey(key)?.comment || shorten(key)}${path === undefined ? '' : ` in ${path}`}`,
  reads(wish) {
    const path = wish.path ?? `${usualHome(wish.user)}/.ssh/authorized_keys`
    const folder = posix.dirname(path)
    return [account(wish.user), ...writeReads(path), content(path), ...writeReads(folder)]
  },
  among(wish, all) {
    if (wish.exclusive !== true) return undefined
    const keys = all.filter(({ type }) => type.name === 'authorizedKey')
    const wanted = keys
      .map((other) => other.wish as Wish)
      .filter(({ user, path, state }) => state !== 'absent' && (user === wish.user || path))
      .map(({ user, key, path }) => ({ user, key, ...(path !== undefined && { path }) }))
    return { wanted }
  },
  plan: supposing(
    (wish, ask) => {
      const owner = ask(account(wish.user))
      if (owner === null)
        throw new HostwrightError(
          'TASK_FAILED',
          `Cannot authorize a key for "${wish.user}": there is no such user`,
          {
            hint: `Put user({ name: '${wish.user}' }) before it`,
          },
        )
      const usual = `${owner.home.replace(/\/$/, '')}/.ssh/authorized_keys`
      const path = wish.path ?? usual
      if (wish.state === 'absent' && ask(stat(path)).type === 'absent')
        return { changes: [], steps: [] }
      const folder =
        wish.path === undefined ? makeFolder(ask, wish.user, owner.group, path) : undefined
      const seen = folder === undefined ? ask : withFolder(ask, posix.dirname(path), folder.entry)
      const fresh = folder?.entry !== undefined || seen(stat(path)).type === 'absent'
      const told = tellKeys(wish, usual)
      const plan = editPlan(seen, {
        path,
        task: `authorizedKey ${wish.user}`,
        create: wish.state !== 'absent',
        sensitive: false,
        ...(fresh && { mode: '0600', owner: wish.user, group: owner.group }),
        edit: told.edit,
      })
      const changes = told.changes(plan.changes)
      if (folder?.steps === undefined || plan.steps.length === 0) return { ...plan, changes }
      return {
        ...plan,
        changes,
        steps: [...folder.steps, ...plan.steps],
        effects: {
          ...plan.effects,
          becomes: [...(plan.effects?.becomes ?? []), [stat(posix.dirname(path)), folder.entry]],
        },
      }
    },
    (query) => pathOf(query) !== undefined,
  ),
})

/**
 * A public key by which a user may log in over ssh. A key is known by its type and blob: the same key
 * with other options or another comment is corrected. Missing, `.ssh` is made with mode 0700 and the
 * file with 0600, both the user's. As symlinks they are refused: they could lead to another's keys.
 *
 * With `exclusive` each other key of the file is a change of its own, `key SHA256:…`, so that a check
 * finds what somebody has added. What another `ensure` puts into the file goes as well: give all keys
 * in one. Other files, such as `.ssh/authorized_keys2`, which sshd may read too, are not looked at.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/posix/authorized_key_module.html
 * @see sshd(8)
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED
 * @example
 * authorizedKey({ user: 'root', key: publicKey, options: 'restrict,from="198.51.100.11"' })
 */
export function authorizedKey(options: AuthorizedKeyOptions & CommonOptions): Resource {
  checkAccount(options.user, 'user')
  const key = checkLine(typeof options.key === 'string' ? options.key.trim() : options.key, 'key')
  const read = readKey(key)
  if (read === undefined)
    refuse(
      `Cannot authorize "${shorten(key)}": it is not a public key`,
      'Give a line of a .pub file',
    )
  if (read.options !== '')
    refuse(`Cannot authorize "${shorten(key)}": it begins with options`, 'Give them as options')
  if (options.options !== undefined) checkLine(options.options, 'options')
  checkWord(options.state, 'state', ['present', 'absent'])
  if (options.exclusive === true && options.state === 'absent')
    refuse(
      `Cannot take "${shorten(key)}" out with exclusive: that is for a key that stays`,
      'Leave exclusive out, or give the keys that stay',
    )
  return describe({
    ...options,
    key,
    ...(options.path !== undefined && { path: checkPath(options.path) }),
  })
}

function readKey(line: string): Key | undefined {
  if (line.trimStart().startsWith('#')) return undefined
  const [, options = '', id, comment = ''] = pattern.exec(chomp(line).trim()) ?? []
  return id === undefined ? undefined : { options, id: id.replace(/\s+/, ' '), comment }
}

/** The edit of a file, and what is told of it. */
function tellKeys(wish: Wish, usual: string) {
  const foreign = new Map<string, Change>()
  let isEdited = true
  const path = wish.path ?? usual
  const stays = new Set(
    [wish, ...(wish.wanted ?? [])]
      .filter((one) => (one.path ?? (one.user === wish.user ? usual : undefined)) === path)
      .map(({ key }) => readKey(key)?.id),
  )
  return {
    edit(lines: readonly string[]): readonly string[] {
      const edited = edit(wish, lines)
      if (wish.exclusive !== true) return edited
      isEdited = edited.join('') !== lines.join('')
      return edited.filter((line) => {
        // What sshd makes of a line that is not understood here is not known: it goes too.
        if (/^\s*(#|$)/.test(line) || stays.has(readKey(line)?.id)) return true
        const change = removal(chomp(line).trim())
        foreign.set(change.property, change)
        return false
      })
    },
    /** What is only taken out is told by its keys, and not as another content as well. */
    changes: (changes: readonly Change[]): readonly Change[] => [
      ...foreign.values(),
      ...changes
        .filter(({ property }) => property !== 'content' || isEdited || foreign.size === 0)
        .map(withoutBlobs),
    ],
  }
}

function removal(line: string): Change {
  const { id = '', comment = '' } = readKey(line) ?? {}
  const [blob] = anyBlob.exec(id || line) ?? []
  if (blob === undefined)
    return { property: `line ${shorten(line)}`, from: 'present', to: 'absent' }
  const from = shorten([id.split(' ')[0], comment].filter(Boolean).join(' ')) || 'present'
  return { property: `key ${keyFingerprint(Buffer.from(blob, 'base64'))}`, from, to: 'absent' }
}

/** Keys that are long show as in the log of sshd and in `ssh-keygen -l`. */
function withoutBlobs(change: Change): Change {
  const short = (text: string) =>
    text.replaceAll(/AAAA[A-Za-z0-9+/]{40,}={0,3}/g, (blob) =>
      keyFingerprint(Buffer.from(blob, 'base64')),
    )
  if (change.before === undefined || change.after === undefined) return change
  return { ...change, before: short(change.before), after: short(change.after) }
}

function edit(wish: AuthorizedKeyOptions, lines: readonly string[]): readonly string[] {
  const wanted = readKey(wish.key)
  const ours = (line: string): boolean => readKey(line)?.id === wanted?.id
  if (wish.state === 'absent') return lines.filter((line) => !ours(line))
  const at = lines.findIndex(ours)
  const comment = wanted?.comment || (at < 0 ? '' : (readKey(lines[at] ?? '')?.comment ?? ''))
  const line = [wish.options, wanted?.id, comment].filter(Boolean).join(' ')
  if (at < 0) return insertLines(lines, lines.length, [line])
  // A second line with the same key could give more than wished.
  return lines.flatMap((one, index) => {
    if (index === at) return chomp(one).trim() === line ? [one] : [`${line}\n`]
    return ours(one) ? [] : [one]
  })
}

/** The step that makes .ssh, where it is missing. */
function makeFolder(
  ask: Ask,
  user: string,
  group: string,
  path: string,
): { readonly steps?: Plan['steps']; readonly entry?: Entry } {
  const folder = posix.dirname(path)
  const home = posix.dirname(folder)
  const now = ask(stat(folder))
  // The user could have either lead to what is not his: to the keys of root, say.
  const refuseIt = (what: string) => {
    throw new HostwrightError('TASK_FAILED', `Cannot authorize a key for "${user}": ${what}`, {
      hint: 'Remove it first, or give path',
    })
  }
  if (now.type === 'directory' && ask(stat(path)).type === 'symlink')
    refuseIt(`"${path}" is a symlink`)
  if (now.type === 'directory') return {}
  if (now.type !== 'absent') refuseIt(`"${folder}" is not a directory`)
  if (ask(stat(home)).type === 'absent')
    throw new HostwrightError(
      'TASK_FAILED',
      `Cannot authorize a key for "${user}": the home "${home}" does not exist`,
      {
        hint: `Put directory({ path: '${home}' }) before it, or give path`,
      },
    )
  const name = quote(folder)
  return {
    entry: { type: 'directory', mode: '0700', owner: user, group, size: 0 },
    steps: [
      { script: `mkdir -m 0700 -- ${name} && chown -- ${quote(`${user}:${group}`)} ${name}` },
    ],
  }
}

/** The answers as they are once the folder is made. */
function withFolder(ask: Ask, folder: string, entry: Entry | undefined): Ask {
  if (entry === undefined) return ask
  const { id } = stat(folder)
  return Object.assign(
    <Answer>(query: Query<Answer>): Answer => (query.id === id ? (entry as Answer) : ask(query)),
    {
      maybe: <Answer>(query: Query<Answer>): Answer | Unknown =>
        query.id === id ? (entry as Answer) : ask.maybe(query),
    },
  )
}

/** Where a home most likely is; another one costs one more round trip. */
function usualHome(user: string): string {
  return user === 'root' ? '/root' : `/home/${user}`
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}
