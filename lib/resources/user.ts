import { quote } from '../core/quote.js'
import { Secret, secret } from '../core/secret.js'
import type { Change } from '../report/events.js'
import { resourceType } from './define.js'
import { checkNumber } from './group.js'
import { pathOf, within } from './paths.js'
import { checkAccount, checkPath, checkWord, refuse } from './parameters.js'
import { account, type Account } from './probes/account.js'
import { groupEntry } from './probes/groupEntry.js'
import { stat } from './probes/stat.js'
import { supposing } from './supposing.js'
import type { CommonOptions, Plan, Resource } from './types.js'

export interface UserOptions {
  readonly name: string
  /** @default the next free number */
  readonly uid?: number
  /** The primary group, which has to exist. @default as it is; for a new user one of the same name */
  readonly group?: string
  /** Supplementary groups, which have to exist. @default as they are */
  readonly groups?: readonly string[]
  /** Leaves the user in other groups too. @default false */
  readonly append?: boolean
  /** Another home for an existing user is noted, not moved. @default as it is; /home/NAME for a new user */
  readonly home?: string
  /** @default as it is; the host's usual one for a new user */
  readonly shell?: string
  /** A new one gets a number of the system's range. @default false */
  readonly system?: boolean
  /** The full name (GECOS). @default as it is */
  readonly comment?: string
  /** As in shadow(5), for example from `openssl passwd -6`. @default as it is; none for a new user */
  readonly passwordHash?: Secret | string
  /** Makes the home of a new user. @default true */
  readonly createHome?: boolean
  /** @default 'present' */
  readonly state?: 'present' | 'absent'
  /** With `absent`: removes home and mail too. @default false */
  readonly removeHome?: boolean
}

type UserWish = Omit<UserOptions, 'passwordHash'> & { readonly passwordHash?: Secret }

const describe = resourceType<UserWish>({
  name: 'user',
  title: ({ name }) => name,
  reads: ({ name, group }) => [account(name), ...(group === undefined ? [groupEntry(name)] : [])],
  plan: supposing((wish, ask) => {
    const now = ask(account(wish.name))
    if (wish.state === 'absent')
      return now === null ? { changes: [], steps: [] } : remove(wish, now)
    if (now !== null) return modify(wish, now)
    return create(wish, wish.group === undefined && ask(groupEntry(wish.name)) !== null)
  }),
})

/**
 * A local user account.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/user_module.html
 * @see useradd(8), usermod(8)
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED
 * @example
 * user({ name: 'deploy', groups: ['www-data'], append: true, shell: '/bin/bash' })
 */
export function user(options: UserOptions & CommonOptions): Resource {
  const { passwordHash, ...rest } = options
  checkAccount(rest.name, 'user')
  checkAccount(rest.group, 'group')
  for (const name of rest.groups ?? []) checkAccount(name, 'group')
  checkNumber(rest.uid, 'uid')
  checkWord(rest.state, 'state', ['present', 'absent'])
  if (rest.home !== undefined) checkPath(rest.home, 'home')
  if (rest.shell !== undefined) checkPath(rest.shell, 'shell')
  if (/[:\n\0]/.test(rest.comment ?? ''))
    refuse(`Cannot use comment "${rest.comment}": it holds a colon or line break`, 'Leave it out')
  const hash = passwordHash === undefined ? undefined : secret(passwordHash)
  if (hash !== undefined && !/^[!*]*(?:\$[^:\s]+)?$/.test(hash.reveal()))
    refuse(
      `Cannot set the password of "${rest.name}": passwordHash is not a hash`,
      'Make one with: openssl passwd -6',
    )
  return describe({ ...rest, ...(hash !== undefined && { passwordHash: hash }) })
}

function create(wish: UserWish, groupExists: boolean): Plan {
  const { name, uid, group, groups, shell, comment, system, passwordHash } = wish
  const home = wish.home ?? `/home/${name}`
  const makeHome = wish.createHome !== false
  const primary = group ?? (groupExists ? name : undefined)
  const words = [
    ...(uid === undefined ? [] : ['-u', String(uid)]),
    ...(primary === undefined ? ['-U'] : ['-N', '-g', primary]),
    ...(groups?.length ? ['-G', groups.join(',')] : []),
    ...(shell === undefined ? [] : ['-s', shell]),
    ...(comment === undefined ? [] : ['-c', comment]),
    ...(system === true ? ['-r'] : []),
    makeHome ? '-m' : '-M',
    '-d',
    home,
  ]
  const after: Account = {
    ...(uid !== undefined && { uid }),
    group: primary ?? name,
    groups: (groups ?? []).toSorted(),
    comment: comment ?? '',
    home,
    shell: shell ?? '',
    ...(passwordHash && { passwordHash }),
  }
  return {
    changes: [{ property: 'state', from: 'absent', to: 'present' }],
    steps: [
      { script: `useradd ${words.map(quote).join(' ')} -- ${quote(name)}` },
      ...passwordStep(wish),
    ],
    effects: {
      becomes: [
        [account(name), after],
        ...(primary === undefined ? [[groupEntry(name), { members: [] }] as const] : []),
        ...(makeHome
          ? [
              [
                stat(home),
                { type: 'directory', mode: '0755', owner: name, group: after.group, size: 0 },
              ] as const,
            ]
          : []),
      ],
      stale: (query) => query.kind.name === 'shell' || (makeHome && isInHome(pathOf(query), home)),
    },
  }
}

function modify(wish: UserWish, now: Account): Plan {
  const { name, uid, group, append, home, shell, comment, passwordHash } = wish
  const primary = group === undefined || group === String(now.gid) ? now.group : group
  const others = append === true ? now.groups : []
  const groups =
    wish.groups &&
    [...new Set([...wish.groups, ...others])].filter((one) => one !== primary).toSorted()
  const changes: Change[] = []
  const words: string[] = []
  const change = (property: string, from: string, to: string, option: string): void => {
    if (from === to) return
    changes.push({ property, from, to })
    words.push(option, to)
  }
  if (uid !== undefined && now.uid !== undefined) change('uid', String(now.uid), String(uid), '-u')
  change('group', now.group, primary, '-g')
  if (groups !== undefined) change('groups', now.groups.join(','), groups.join(','), '-G')
  if (home !== undefined) change('home', now.home, home, '-d')
  if (shell !== undefined) change('shell', now.shell, shell, '-s')
  if (comment !== undefined) change('comment', now.comment, comment, '-c')
  const password =
    passwordHash !== undefined && passwordHash.reveal() !== now.passwordHash?.reveal()
  if (changes.length === 0 && !password) return { changes, steps: [] }
  const after: Account = {
    ...now,
    ...(uid !== undefined && { uid }),
    ...(group !== undefined && { group }),
    ...(groups !== undefined && { groups }),
    ...(home !== undefined && { home }),
    ...(shell !== undefined && { shell }),
    ...(comment !== undefined && { comment }),
    ...(password && { passwordHash }),
  }
  return {
    changes: password ? [...changes, { property: 'password', from: '***', to: '***' }] : changes,
    steps: [
      ...(words.length === 0
        ? []
        : [{ script: `usermod ${words.map(quote).join(' ')} -- ${quote(name)}` }]),
      ...(password ? passwordStep(wish) : []),
    ],
    effects: { becomes: [[account(name), after]], stale: ({ kind }) => kind.name === 'shell' },
  }
}

function remove({ name, removeHome }: UserWish, now: Account): Plan {
  return {
    changes: [{ property: 'state', from: 'present', to: 'absent' }],
    steps: [{ script: `userdel ${removeHome === true ? '-r ' : ''}-- ${quote(name)}` }],
    effects: {
      becomes: [[account(name), null]],
      stale: (query) =>
        query.kind.name === 'groupEntry' ||
        query.kind.name === 'shell' ||
        (removeHome === true && isInHome(pathOf(query), now.home)),
    },
  }
}

function isInHome(path: string | undefined, home: string): boolean {
  return path !== undefined && within(path, home)
}

/** The hash goes over standard input, since arguments can be seen by all. */
function passwordStep({ name, passwordHash }: UserWish): Plan['steps'] {
  if (passwordHash === undefined) return []
  return [{ script: 'chpasswd -e', input: Buffer.from(`${name}:${passwordHash.reveal()}\n`) }]
}
