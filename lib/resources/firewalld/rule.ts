import { BlockList, isIP } from 'node:net'

/** Lets in what comes to a port or to the ports of a service that firewalld knows. */
export type FirewalldRule = PortRule | ServiceRule

interface PortRule {
  /** A number, or a range: `'4444-4450'`. */
  readonly port: number | string
  /** @default 'tcp' */
  readonly protocol?: 'tcp' | 'udp'
  /** An address or network. @default anywhere */
  readonly source?: string
}

interface ServiceRule {
  /** A name of `firewall-cmd --get-services`. */
  readonly service: string
  /** An address or network. @default anywhere */
  readonly source?: string
}

/** A rule as firewalld writes it: equal rules have equal texts. */
export function richRule(rule: FirewalldRule): string {
  const { source } = rule
  const from =
    source === undefined ? '' : ` family="${family(source)}" source address="${plain(source)}"`
  const what =
    'service' in rule
      ? `service name="${rule.service}"`
      : `port port="${rule.port}" protocol="${rule.protocol ?? 'tcp'}"`
  return `rule${from} ${what} accept`
}

/** Reads what {@link richRule} writes; undefined for any other rule. */
export function readRichRule(text: string): FirewalldRule | undefined {
  const [, address, service, port, protocol] =
    /^rule(?: family="ipv[46]"(?: source address="([^"]+)")?)? (?:service name="([^"]+)"|port port="([\d-]+)" protocol="(tcp|udp)") accept$/.exec(
      text,
    ) ?? []
  const source = address === undefined ? {} : { source: address }
  if (service !== undefined) return { service, ...source }
  // A family without an address lets in less than no family.
  if (port === undefined || (address === undefined && text.includes(' family='))) return undefined
  return { port, protocol: protocol === 'udp' ? 'udp' : 'tcp', ...source }
}

/** For people: `3306/tcp from 203.0.113.12`. */
export function ruleTitle(rule: FirewalldRule): string {
  const what = 'service' in rule ? rule.service : `${rule.port}/${rule.protocol ?? 'tcp'}`
  return `${what} from ${rule.source === undefined ? 'anywhere' : plain(rule.source)}`
}

/** Whether a text is an address or network. */
export function isSource(text: string): boolean {
  const [address = '', prefix, rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || address.includes('%') || rest !== undefined) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits(version))
}

/** Whether an address is a source, or in it. */
export function inSource(address: string, source: string): boolean {
  if (!isSource(source) || isIP(address) === 0 || family(source) !== family(address)) return false
  const [network = '', prefix] = source.split('/')
  const list = new BlockList()
  list.addSubnet(network, Number(prefix ?? bits(isIP(network))), family(network))
  return list.check(address, family(address))
}

export function family(source: string): 'ipv4' | 'ipv6' {
  return source.includes(':') ? 'ipv6' : 'ipv4'
}

/** One way to write an address, of the many that IPv6 has. */
export function plain(source: string): string {
  const [address = '', prefix] = source.split('/')
  const version = isIP(address)
  const short = version === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address
  return prefix === undefined || Number(prefix) === bits(version) ? short : `${short}/${prefix}`
}

function bits(version: number): number {
  return version === 6 ? 128 : 32
}
