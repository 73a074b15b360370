import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { findManager, withoutTrace } from './packageManager.js'
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
dnf)
  set -- ${plain}
  rpm -q --qf 'ii \\t%{NAME}\\t%{ARCH}\\t%{EVR}\\n' -- "$@" ||
    for name; do rpm -q --qf "of\\t$name\\t%{NAME}\\t%{EVR}\\n" --whatprovides -- "$name"; done
  ;;
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

/** By dpkg's three letters of a package's status. */
export function isBroken(status: string): boolean {
  return 'UFH'.includes(status[1] ?? '-') || status[2] === 'R'
}

function find(table: readonly (readonly string[])[], name: string): Omit<PackageState, 'manager'> {
  const [base, wanted] = bare(name).split(':')
  for (const [status = '', own, architecture, version] of table) {
    if (status === 'provides' || status === 'of' || status[1] === 'n' || status[1] === 'c') continue
    if (own !== base && `${own}.${architecture}` !== base) continue
    if (wanted !== undefined && wanted !== architecture && architecture !== 'all') continue
    return { installed: version ?? '', broken: isBroken(status) }
  }
  for (const [kind, wish, own = '', version = ''] of table)
    if (kind === 'of' && wish === base)
      return { installed: version, broken: false, providedBy: own }
  for (const [kind, status = '', own = '', provides = ''] of table) {
    if (kind !== 'provides' || status[1] !== 'i') continue
    const entry = provides.split(/\s*,\s*/).find((item) => item.split(' ')[0] === base)
    if (entry === undefined) continue
    return { installed: /\(= (.+)\)/.exec(entry)?.[1] ?? '', broken: false, providedBy: own }
  }
  return { installed: null, broken: false }
}

/** What a package manager would install; or why it cannot be told. */
export type PackageCandidate = string | null | { readonly error: string }

/**
 * The version that apt would install by what its sources have; for dnf, the newer one that there is
 * of an installed package. Null where there is none.
 *
 * @param flags options of dnf that say which repositories count
 * @see apt-cache(8), dnf(8) on repoquery
 */
export function packageCandidate(name: string, flags = ''): Query<PackageCandidate> {
  return candidate({ name, flags })
}

interface CandidateKey {
  readonly name: string
  readonly flags: string
}

const candidate = probeKind<CandidateKey, PackageCandidate>({
  name: 'packageCandidate',
  id: ({ name, flags }) => name + flags,
  script(keys) {
    const all = [...new Set(keys.map(({ flags }) => flags))]
    return `${findManager}
case $manager in
apt) ${withoutTrace(`fresh_lists || failed
apt-cache $apt policy -- ${words(keys.map(({ name }) => bare(name)))} 2>/dev/null || :`)} ;;
dnf) ${withoutTrace(all.map((flags) => newer(keys, flags)).join('\n'))} ;;
esac`
  },
  parse(stdout, keys) {
    const text = stdout.toString()
    const error = /^error\t(.*)$/m.exec(text)?.[1]
    if (error !== undefined) return keys.map(() => ({ error: error.trim() }))
    const candidates = new Map<string, string>()
    let current = ''
    for (const line of text.split('\n')) {
      const name = /^(\S+):$/.exec(line)?.[1]
      if (name !== undefined) current = name
      const version = /^ {2}Candidate: (?!\(none\))(.+)$/.exec(line)?.[1]
      if (version !== undefined) candidates.set(current, version)
      const [kind, flags = '', own = '', evr = ''] = line.split('\t')
      if (kind === 'new') candidates.set(own + flags, evr)
    }
    return keys.map(
      ({ name, flags }) => candidates.get(bare(name) + flags.replaceAll("'", '')) ?? null,
    )
  },
})

function newer(keys: readonly CandidateKey[], flags: string): string {
  const names = keys.filter((key) => key.flags === flags).map(({ name }) => bare(name))
  const format = `new\\t${flags.replaceAll("'", '')}\\t%{name}\\t%{evr}`
  return `read_dnf -q${flags} repoquery --upgrades --latest-limit=1 --qf ${words([format])} -- ${words(names)} >"$tmp/new" || failed
cat "$tmp/new"`
}
