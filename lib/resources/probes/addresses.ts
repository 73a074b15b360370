export interface Address {
  readonly interface: string
  readonly address: string
  readonly family: 'ipv4' | 'ipv6'
  readonly prefix: number
}

/** What of `ip -j address` is read. */
export interface Link {
  readonly ifname?: string
  readonly addr_info?: readonly {
    readonly family?: string
    readonly local?: string
    readonly prefixlen?: number
    readonly scope?: string
  }[]
}

/** What of `ip -j route` is read. */
export interface Route {
  readonly dev?: string
  readonly prefsrc?: string
}

/** The addresses of a host, and the one by which others most likely reach it. */
export function readAddresses(
  links: readonly Link[],
  routes: readonly Route[],
): { addresses: readonly Address[]; defaultAddress: string | null } {
  const all = links.flatMap(({ ifname = '', addr_info = [] }) =>
    addr_info
      .filter((entry) => entry.local !== undefined && ifname !== 'lo' && entry.scope !== 'host')
      .map((entry) => ({
        global: entry.scope === 'global',
        interface: ifname,
        address: entry.local ?? '',
        family: entry.family === 'inet6' ? ('ipv6' as const) : ('ipv4' as const),
        prefix: entry.prefixlen ?? 0,
      })),
  )
  const global = all
    .filter((entry) => entry.global)
    .toSorted((a, b) => a.family.localeCompare(b.family))
  const routed = routes.flatMap(
    ({ dev, prefsrc }) => prefsrc ?? global.find((entry) => entry.interface === dev)?.address ?? [],
  )
  return {
    addresses: all.map(({ global: _global, ...address }) => address),
    defaultAddress: routed[0] ?? global[0]?.address ?? null,
  }
}
