import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { findManager, withoutTrace } from './packageManager.js'

export interface PackageUpdate {
  readonly name: string
  /** Null for a package that comes with the others. */
  readonly from: string | null
  /** Null for a package that goes. */
  readonly to: string | null
}

export interface PackageUpdates {
  readonly manager: 'apt' | 'dnf' | null
  readonly updates: readonly PackageUpdate[]
  /** Why it cannot be told: a repository that is not reached, for example. */
  readonly error?: string
}

/**
 * What an update of everything would do, by what the repositories have now.
 *
 * @param flags options of dnf that say which repositories count
 * @see apt-get(8) on dist-upgrade, dnf(8) on upgrade
 */
export const packageUpdates: (flags: string) => Query<PackageUpdates> = probeKind<
  string,
  PackageUpdates
>({
  name: 'packageUpdates',
  id: (flags) => flags,
  script: (keys) => `${findManager}
printf '%s\\n' "$manager"
${keys.map(script).join('\n')}`,
  parse(stdout, keys) {
    const [manager, ...parts] = stdout.toString().split(/^(?==)/m)
    return keys.map((_key, at) => ({
      manager: /^(apt|dnf)$/.test(manager?.trim() ?? '') ? (manager?.trim() as 'apt') : null,
      ...read(parts[at] ?? ''),
    }))
  },
})

function script(flags: string): string {
  return `echo =
case $manager in
apt) ${withoutTrace(`fresh_lists || failed
apt-get -q -s $apt dist-upgrade >"$tmp/said" 2>&1 </dev/null || failed
grep -E '^(Inst|Remv) ' "$tmp/said" || :`)} ;;
dnf) ${withoutTrace(`read_dnf -q${flags} repoquery --upgrades --latest-limit=1 --qf 'new\\t%{name}\\t%{evr}' >"$tmp/new" || failed
cat "$tmp/new"
[ ! -s "$tmp/new" ] || rpm -q --qf 'now\\t%{NAME}\\t%{EVR}\\n' -- $(cut -f 2 "$tmp/new")`)} ;;
esac`
}

function read(text: string): Omit<PackageUpdates, 'manager'> {
  const updates: PackageUpdate[] = []
  const now = new Map<string, string>()
  let error: string | undefined
  for (const line of text.split('\n')) {
    const [kind, name = '', version = ''] = line.split('\t')
    if (kind === 'error') error = name.trim()
    if (kind === 'now') now.set(name, version)
    if (kind === 'new' && !updates.some((one) => one.name === name))
      updates.push({ name, from: null, to: version })
    const [, action, own = '', from, to] =
      /^(Inst|Remv) (\S+)(?: \[(\S+)\])?(?: \((\S+) )?/.exec(line) ?? []
    if (action !== undefined)
      updates.push({ name: own, from: from ?? null, to: action === 'Remv' ? null : (to ?? null) })
  }
  return {
    updates: updates.map((one) => ({ ...one, from: one.from ?? now.get(one.name) ?? null })),
    ...(error !== undefined && { error }),
  }
}
