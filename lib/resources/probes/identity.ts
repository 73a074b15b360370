import { probeKind } from '../define.js'
import type { Query } from '../types.js'

export interface Identity {
  readonly user: string
  readonly group: string
}

const query = probeKind<null, Identity>({
  name: 'identity',
  id: () => '',
  script: () => 'exec id',
  parse(stdout) {
    const [, user = '0', group = '0'] =
      /^uid=\d+\(([^)]*)\) gid=\d+\(([^)]*)\)/.exec(stdout.toString()) ??
      /^uid=(\d+).* gid=(\d+)/.exec(stdout.toString()) ??
      []
    return [{ user, group }]
  },
})

/**
 * Whose rights the shell has, and so who owns what it creates.
 *
 * @see id(1)
 */
export function identity(): Query<Identity> {
  return query(null)
}
