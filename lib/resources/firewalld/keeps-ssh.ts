import type { FirewalldState, SshConnection } from '../probes/firewalld.js'
import { inSource, type FirewalldRule } from './rule.js'
import { readSettings, type Settings } from './settings.js'

/** What the packages of all families open before anybody has set anything. */
const untouched = '<zone><service name="ssh"/></zone>'

/**
 * The zone that would not let in the SSH connection by which this run has come, where the rules do
 * not either; undefined where it stays. It judges files: what only the running firewalld or
 * NetworkManager knows does not count.
 */
export function zoneWithoutSsh(
  { ssh, installed, zones, defaultZone }: FirewalldState,
  rules: readonly FirewalldRule[],
): string | undefined {
  if (ssh === null || rules.some((rule) => letsIn(rule, ssh))) return undefined
  const all = Object.entries(zones).map(([name, xml]) => [name, readSettings(xml)] as const)
  const bound =
    all.find(([, { sources }]) => sources.some((source) => inSource(ssh.client, source))) ??
    all.find(([, { interfaces }]) => ssh.interface !== null && interfaces.includes(ssh.interface))
  const [name, zone] = bound ?? [
    defaultZone,
    readSettings(zones[defaultZone] ?? (installed ? '' : untouched)),
  ]
  // Without the package nothing tells which service has which port.
  const services = installed ? ssh.services : ssh.port === 22 ? ['ssh'] : []
  return opens(zone, { ...ssh, services }) ? undefined : name
}

function opens({ attributes, plain, rules }: Settings, ssh: SshConnection): boolean {
  return attributes['target'] === 'ACCEPT' || [...plain, ...rules].some((rule) => letsIn(rule, ssh))
}

/** Whether a rule lets in an SSH connection. */
export function letsIn(rule: FirewalldRule, { client, port, services }: SshConnection): boolean {
  if (rule.source !== undefined && !inSource(client, rule.source)) return false
  if ('service' in rule) return services.includes(rule.service)
  const [first = 0, last = first] = String(rule.port).split('-').map(Number)
  return (rule.protocol ?? 'tcp') === 'tcp' && first <= port && port <= last
}
