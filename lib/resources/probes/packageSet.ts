import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { findManager, withoutTrace } from './packageManager.js'

/** A group of packages or a stream of a module, as dnf has it. */
export interface PackageSet {
  readonly manager: 'apt' | 'dnf' | null
  /** `yes` for a group; of a module the stream that is enabled; null where there is none. */
  readonly installed: string | null
  /** Of a module. */
  readonly profiles: readonly string[]
  /** Why it cannot be told. */
  readonly error?: string
}

/**
 * Whether a group (`@Development Tools`, or by its id) is installed, and which stream of a module
 * (`@mariadb:10.11`, `@mariadb:10.11/server`) is enabled.
 *
 * @see dnf(8) on groups and modules
 */
export const packageSet: (name: string) => Query<PackageSet> = probeKind<string, PackageSet>({
  name: 'packageSet',
  id: (name) => name,
  script: (names) => `${findManager}
printf '%s\\n' "$manager"
[ "$manager" != dnf ] || {
  cat /etc/dnf/modules.d/*.module 2>/dev/null
${
  names.every(isModule)
    ? ''
    : withoutTrace(`echo '[groups]'
read_dnf -v group list --hidden >"$tmp/groups" || failed
cat "$tmp/groups"`)
}
} || :`,
  parse(stdout, names) {
    const [manager = '', ...lines] = stdout.toString().split('\n')
    const known = manager === 'apt' || manager === 'dnf' ? manager : null
    return names.map((name) => ({
      manager: known,
      ...(isModule(name) ? readModule(lines, name) : readGroup(lines, name)),
    }))
  },
})

export function isModule(name: string): boolean {
  return name.includes(':')
}

function readModule(lines: readonly string[], name: string): Omit<PackageSet, 'manager'> {
  const start = lines.indexOf(`[${name.slice(1).replace(/:.*/, '')}]`)
  const rest = start < 0 ? [] : lines.slice(start + 1)
  const end = rest.findIndex((line) => line.startsWith('['))
  const own = new Map(
    rest.slice(0, end < 0 ? undefined : end).map((line) => {
      const [key = '', ...value] = line.split('=')
      return [key.trim(), value.join('=').trim()]
    }),
  )
  const enabled = own.get('state') === 'enabled'
  const profiles = (own.get('profiles') ?? '').split(/\s*,\s*/).filter(Boolean)
  return { installed: enabled ? (own.get('stream') ?? null) : null, profiles }
}

function readGroup(lines: readonly string[], name: string): Omit<PackageSet, 'manager'> {
  const wanted = name.slice(1).toLowerCase()
  const error = lines.find((line) => line.startsWith('error\t'))?.slice(6)
  let section = ''
  const found = lines.some((line) => {
    if (/^\S.*:$/.test(line)) section = line
    if (!section.startsWith('Installed')) return false
    const [, title = '', id = ''] = /^\s+(.+?)(?: \(([^()]+)\))?$/.exec(line) ?? []
    return [title.toLowerCase(), id.toLowerCase()].includes(wanted)
  })
  return {
    installed: found ? 'yes' : null,
    profiles: [],
    ...(error !== undefined && { error: error.trim() }),
  }
}
