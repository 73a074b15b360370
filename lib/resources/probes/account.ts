import { secret, type Secret } from '../../core/secret.js'
import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { words } from './scripts.js'

export interface Account {
  readonly uid?: number
  readonly gid?: number
  /** The primary group's name, or its number where it has none. */
  readonly group: string
  /** Supplementary groups, sorted. */
  readonly groups: readonly string[]
  readonly comment: string
  readonly home: string
  readonly shell: string
  /** As in shadow(5); undefined where the shell may not read it. */
  readonly passwordHash?: Secret
}

/**
 * A user account with its groups; null where there is none.
 *
 * @see getent(1), passwd(5), shadow(5)
 */
export const account: (name: string) => Query<Account | null> = probeKind<string, Account | null>({
  name: 'account',
  id: (name) => name,
  script: (names) => `set -- ${words(names)}
getent passwd -- "$@"
echo
getent shadow -- "$@"
echo
exec getent group`,
  parse(stdout, names) {
    const [users = [], shadows = [], groups = []] = stdout
      .toString()
      .split(/^$/m)
      .map((part) => part.split('\n').map((line) => line.split(':')))
    return names.map((name) => {
      const user = users.find((fields) => fields[0] === name)
      if (user === undefined) return null
      const [, , uid, gid = '', comment = '', home = '', shell = ''] = user
      const hash = shadows.find((fields) => fields[0] === name)?.[1]
      return {
        uid: Number(uid),
        gid: Number(gid),
        group: groups.find((fields) => fields[2] === gid)?.[0] ?? gid,
        groups: groups
          .filter((fields) => fields[2] !== gid && fields[3]?.split(',').includes(name) === true)
          .map((fields) => fields[0] ?? '')
          .toSorted(),
        comment,
        home,
        shell,
        ...(hash !== undefined && { passwordHash: secret(hash) }),
      }
    })
  },
})
