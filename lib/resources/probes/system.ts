import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { findManager } from './packageManager.js'
import { readAddresses, type Address, type Link, type Route } from './addresses.js'
import { readSelinux, saySelinux, type SelinuxFacts } from './selinux.js'

/** What a host is. */
export interface SystemFacts {
  /** `debian` (Ubuntu too), `redhat` (AlmaLinux, Rocky, Fedora, … too), or the distribution's own id. */
  readonly family: string
  /** os-release's ID: `debian`, `almalinux`. */
  readonly distribution: string
  /** os-release's VERSION_ID: `12`, `9.4`. */
  readonly version: string
  /** os-release's VERSION_CODENAME: `bookworm`; empty where it has none. */
  readonly codename: string
  /** As `uname -m` says: `x86_64`. */
  readonly architecture: string
  readonly kernel: string
  readonly hostname: string
  /** The name with its domain; the host name where none is found in two seconds. */
  readonly fqdn: string
  readonly packageManager: 'apt' | 'dnf' | null
  readonly serviceManager: 'systemd' | null
  /** All but loopback. */
  readonly addresses: readonly Address[]
  /** The address on the interface of the default route, else the first global one; IPv4 first. */
  readonly defaultAddress: string | null
  readonly memoryBytes: number
  readonly processors: number
  readonly selinux: SelinuxFacts
  /** As systemd-detect-virt says: `kvm`, `systemd-nspawn`, `none`; empty where it is not installed. */
  readonly virtualization: string
}

const query = probeKind<null, SystemFacts>({
  name: 'system',
  id: () => '',
  script: () => `${findManager}
say() { printf '%s=%s\\n' "$1" "$2"; }
say id "$ID"; say like "$ID_LIKE"; say version "$VERSION_ID"; say codename "$VERSION_CODENAME"
say manager "$manager"
[ ! -d /run/systemd/system ] || say init systemd
say kernel "$(uname -r)"; say architecture "$(uname -m)"; say hostname "$(uname -n)"
say fqdn "$(timeout 2 hostname -f 2>/dev/null)"
while read -r name value rest; do
  [ "$name" != MemTotal: ] || { say memory "$value"; break; }
done < /proc/meminfo
say processors "$(nproc)"
say selinux "$(${saySelinux})"
say virtualization "$(systemd-detect-virt 2>/dev/null)"
say links "$(ip -j address 2>/dev/null)"
say routes "$(ip -j route show default 2>/dev/null; ip -j -6 route show default 2>/dev/null)"`,
  parse: (stdout) => [readFacts(stdout.toString())],
})

/**
 * What the host is: distribution, addresses, memory, ….
 *
 * @see os-release(5), uname(1), ip(8)
 */
export function system(): Query<SystemFacts> {
  return query(null)
}

function readFacts(text: string): SystemFacts {
  const said = new Map<string, string>()
  let last = ''
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^([a-z]+)=(.*)$/.exec(line) ?? []
    if (name === undefined) said.set(last, `${said.get(last) ?? ''}\n${line}`)
    else said.set((last = name), value)
  }
  const get = (name: string): string => said.get(name)?.trim() ?? ''
  const manager = get('manager')
  const { addresses, defaultAddress } = readAddresses(
    lists<Link>(get('links')),
    lists<Route>(get('routes')),
  )
  return {
    family: family(get('id'), get('like')),
    distribution: get('id'),
    version: get('version'),
    codename: get('codename'),
    architecture: get('architecture'),
    kernel: get('kernel'),
    hostname: get('hostname'),
    fqdn: get('fqdn') === '' ? get('hostname') : get('fqdn'),
    packageManager: manager === 'apt' || manager === 'dnf' ? manager : null,
    serviceManager: get('init') === 'systemd' ? 'systemd' : null,
    addresses,
    defaultAddress,
    memoryBytes: Number(get('memory')) * 1024,
    processors: Number(get('processors')),
    selinux: readSelinux(get('selinux')),
    virtualization: get('virtualization'),
  }
}

function family(id: string, like: string): string {
  const names = [id, ...like.split(' ')]
  if (names.includes('debian') || names.includes('ubuntu')) return 'debian'
  if (names.some((name) => ['rhel', 'fedora', 'centos'].includes(name))) return 'redhat'
  return id
}

/** Lists in JSON, one a line. */
function lists<Item>(text: string): Item[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('['))
    .flatMap((line) => JSON.parse(line) as Item[])
}
