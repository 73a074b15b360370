import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { words } from './scripts.js'
import { linesOf, withSelinux } from './selinux.js'

/** An installed module of the policy. */
export interface SelinuxModuleState {
  /** In the Common Intermediate Language. */
  readonly cil: string
}

/**
 * A module of the policy; null where none of this name is installed, `lacking` where semodule is not.
 *
 * @see semodule(8)
 */
export const selinuxModule: (name: string) => Query<SelinuxModuleState | null | 'lacking'> =
  probeKind<string, SelinuxModuleState | null | 'lacking'>({
    name: 'selinuxModule',
    id: (name) => name,
    // It extracts into the current folder, and nowhere else.
    script: (names) =>
      withSelinux(
        'semodule',
        `(
      tmp=$(mktemp -d) || exit
      trap 'rm -rf -- "$tmp"' EXIT
      cd -- "$tmp" || exit
      installed=" $(semodule -l | awk '{ printf "%s ", $1 }')"
      for name in ${words(names)}; do
        case $installed in
        *" $name "*) semodule -c -E "$name" >/dev/null && echo "$name $(base64 -w 0 "$name.cil")" ;;
        esac
      done
    )`,
      ),
    parse(stdout, names) {
      const lines = linesOf(stdout)
      if (lines === null) return names.map(() => 'lacking')
      const found = new Map(lines.map((line) => line.split(' ') as [string, string | undefined]))
      return names.map((name) => {
        const encoded = found.get(name)
        return encoded === undefined ? null : { cil: Buffer.from(encoded, 'base64').toString() }
      })
    },
  })
