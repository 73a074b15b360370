import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { words } from './scripts.js'

export interface PackageState {
  readonly manager: 'apt' | 'dnf' | null
  /** Its version; null where it is not installed. */
  readonly installed: string | null
  /** An interrupted run has left it half installed or not configured. */
  readonly broken: boolean
  /** For a name that only other packages provide: the one that is installed. */
  readonly providedBy?: string
}

/** Tells apt from dnf by the distribution, because either may be installed beside the other. */
export const findManager = `manager=none
ID= ID_LIKE=
[ ! -r /etc/os-release ] || . /etc/os-release
case " $ID $ID_LIKE " in
*' debian '*|*' ubuntu '*) ! command -v apt-get >/dev/null || manager=apt ;;
*' rhel '*|*' fedora '*|*' centos '*) ! command -v dnf >/dev/null || manager=dnf ;;
esac`

/**
 * Whether a package is installed, and which version. `name`, `name:architecture` and
 * `name=version` all ask for the package of that name.
 *
 * @see dpkg-query(1), rpm(8)
 */
export const packageState: (name: string) => Query<PackageState> = probeKind<string, PackageState>({
  name: 'packageState',
  id: (name) => name,
  script(names) {
    const plain = words([...new Set(names.map(bare))])
    // What other packages provide is asked for only if a name is not installed itself.
    return `${findManager}
printf '%s\\n' "$manager"
case $manager in
apt)
  set -- ${plain}
  dpkg-query -W -f '\${db:Status-Abbrev}\\t\${Package}\\t\${Architecture}\\t\${Version}\\n' -- "$@" 2>/dev/null ||
    dpkg-query -W -f 'provides\\t\${db:Status-Abbrev}\\t\${Package}\\t\${Provides}\\n'
  ;;
dnf) rpm -q --qf 'ii \\t%{NAME}\\t%{ARCH}\\t%{EVR}\\n' -- ${plain} ;;
esac || :`
  },
  parse(stdout, names) {
    const [manager, ...rows] = stdout.toString().split('\n')
    const known = manager === 'apt' || manager === 'dnf' ? manager : null
    const table = rows.map((row) => row.split('\t'))
    return names.map((name) => ({ manager: known, ...find(table, name) }))
  },
})

/** A name without version. */
export function bare(name: string): string {
  return name.replace(/=.*$/, '')
}

function find(table: readonly (readonly string[])[], name: string): Omit<PackageState, 'manager'> {
  const [base, wanted] = bare(name).split(':')
  for (const [status = '', own, architecture, version] of table) {
    if (status === 'provides' || own !== base || status[1] === 'n' || status[1] === 'c') continue
    if (wanted !== undefined && wanted !== architecture && architecture !== 'all') continue
    const broken = 'UFH'.includes(status[1] ?? '-') || status[2] === 'R'
    return { installed: version ?? '', broken }
  }
  for (const [kind, status = '', own = '', provides = ''] of table) {
    if (kind !== 'provides' || status[1] !== 'i') continue
    const entry = provides.split(/\s*,\s*/).find((item) => item.split(' ')[0] === base)
    if (entry === undefined) continue
    return { installed: /\(= (.+)\)/.exec(entry)?.[1] ?? '', broken: false, providedBy: own }
  }
  return { installed: null, broken: false }
}

/**
 * The version that apt would install by the lists that the host has; null where it has none.
 *
 * @see apt-cache(8)
 */
export const packageCandidate: (name: string) => Query<string | null> = probeKind<
  string,
  string | null
>({
  name: 'packageCandidate',
  id: (name) => name,
  script: (names) => `apt-cache policy -- ${words(names.map(bare))} 2>/dev/null || :`,
  parse(stdout, names) {
    const candidates = new Map<string, string>()
    let current = ''
    for (const line of stdout.toString().split('\n')) {
      const name = /^(\S+):$/.exec(line)?.[1]
      if (name !== undefined) current = name
      const version = /^ {2}Candidate: (?!\(none\))(.+)$/.exec(line)?.[1]
      if (version !== undefined) candidates.set(current, version)
    }
    return names.map((name) => candidates.get(bare(name)) ?? null)
  },
})
