import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { linesOf, withSelinux } from './selinux.js'

export interface SeportKey {
  /** A port or a range: `3306`, `5000-5010`. */
  readonly port: string
  readonly protocol: string
}

/** The types that are said of just this port or range; null where nothing is. */
export interface SeportState {
  /** Said on this host, which wins. */
  readonly local: string | null
  /** Said by the policy. */
  readonly policy: string | null
}

/**
 * The type of a port; `lacking` where semanage is not installed.
 *
 * @see semanage-port(8)
 */
export const seport: (key: SeportKey) => Query<SeportState | 'lacking'> = probeKind<
  SeportKey,
  SeportState | 'lacking'
>({
  name: 'seport',
  id: ({ port, protocol }) => `${protocol}/${port}`,
  script: () =>
    withSelinux('semanage', 'semanage port -l -n && echo local && semanage port -l -C -n'),
  parse(stdout, keys) {
    const lines = linesOf(stdout)
    if (lines === null) return keys.map(() => 'lacking')
    const at = lines.indexOf('local')
    const local = readPorts(lines.slice(at))
    // The list of all has the local ones too.
    const all = readPorts(lines.slice(0, at))
    return keys.map(({ port, protocol }) => {
      const here = local.get(`${protocol}/${port}`)?.at(0) ?? null
      const known = all.get(`${protocol}/${port}`) ?? []
      return { local: here, policy: known.find((type) => type !== here) ?? null }
    })
  },
})

/** `http_port_t   tcp   80, 443, 8008-8010`. */
function readPorts(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const line of lines) {
    const [, type, protocol, ports] = /^(\S+)\s+(\S+)\s+(\d.*)$/.exec(line) ?? []
    if (type === undefined || ports === undefined) continue
    for (const port of ports.split(',')) {
      const key = `${protocol}/${port.trim()}`
      found.set(key, [...(found.get(key) ?? []), type])
    }
  }
  return found
}
