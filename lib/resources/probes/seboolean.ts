import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { linesOf, withSelinux } from './selinux.js'

/** A boolean of the policy; null where the policy has none of this name. */
export interface SebooleanState {
  readonly running: boolean
  /** What it is after the next boot. */
  readonly persistent: boolean
}

/**
 * What a boolean is; `lacking` where semanage is not installed.
 *
 * @see semanage-boolean(8)
 */
export const seboolean: (name: string) => Query<SebooleanState | null | 'lacking'> = probeKind<
  string,
  SebooleanState | null | 'lacking'
>({
  name: 'seboolean',
  id: (name) => name,
  script: () => withSelinux('semanage', 'semanage boolean -l -n'),
  parse(stdout, names) {
    const lines = linesOf(stdout)
    if (lines === null) return names.map(() => 'lacking')
    const known = new Map(
      lines.flatMap((line) => {
        const [, name, running, persistent] =
          /^(\S+)\s+\(\s*(on|off)\s*,\s*(on|off)\s*\)/.exec(line) ?? []
        if (name === undefined) return []
        return [[name, { running: running === 'on', persistent: persistent === 'on' }] as const]
      }),
    )
    return names.map((name) => known.get(name) ?? null)
  },
})
