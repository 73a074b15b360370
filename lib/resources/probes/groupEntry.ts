import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { words } from './scripts.js'

export interface GroupEntry {
  readonly gid?: number
  readonly members: readonly string[]
}

/**
 * A group; null where there is none.
 *
 * @see getent(1), group(5)
 */
export const groupEntry: (name: string) => Query<GroupEntry | null> = probeKind<
  string,
  GroupEntry | null
>({
  name: 'groupEntry',
  id: (name) => name,
  script: (names) => `exec getent group -- ${words(names)}`,
  parse(stdout, names) {
    const lines = stdout.toString().split('\n')
    return names.map((name) => {
      const fields = lines.map((line) => line.split(':')).find((entry) => entry[0] === name)
      if (fields === undefined) return null
      return { gid: Number(fields[2]), members: (fields[3] ?? '').split(',').filter(Boolean) }
    })
  },
})
