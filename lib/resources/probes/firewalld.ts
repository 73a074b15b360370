import { HostwrightError } from '../../core/errors.js'
import { probeKind } from '../define.js'
import type { Frame } from '../firewalld/settings.js'
import type { Query } from '../types.js'
import { words } from './scripts.js'

/** What firewalld on the host has of one policy, and what decides about this SSH connection. */
export interface FirewalldState {
  readonly installed: boolean
  readonly running: boolean
  /** The policy's file. */
  readonly permanent: string | null
  /** The policy that the running firewalld uses. */
  readonly runtime: RuntimePolicy | null
  /** Services that were asked for and firewalld does not know. */
  readonly missing: readonly string[]
  readonly defaultZone: string
  /** The files of the zones by their names. */
  readonly zones: Readonly<Record<string, string>>
  /** Null where the host is not reached by SSH. */
  readonly ssh: SshConnection | null
}

export interface RuntimePolicy extends Frame {
  readonly rules: readonly string[]
  /** What it has besides. */
  readonly others: readonly string[]
}

/** The connection by which this run has come. */
export interface SshConnection {
  readonly client: string
  readonly port: number
  /** The way back to the client. */
  readonly interface: string | null
  /** Services of firewalld that have this port. */
  readonly services: readonly string[]
}

interface Key {
  readonly policy: string
  readonly services: readonly string[]
}

/** An administrator's files win over the packages'. */
export const firewalldFolders = ['/usr/lib/firewalld', '/etc/firewalld'] as const

const [library, settings] = firewalldFolders

/**
 * A policy of firewalld: its file, and what the running firewalld has of it. firewalld's own tools
 * take a third of a second each; this asks over D-Bus and reads files.
 *
 * @see firewalld.policy(5), firewalld.dbus(5), busctl(1)
 */
export const firewalld: (key: Key) => Query<FirewalldState> = probeKind<Key, FirewalldState>({
  name: 'firewalld',
  id: ({ policy, services }) => [policy, ...services.toSorted()].join(' '),
  // sudo takes SSH_CONNECTION away; a process above it still has it.
  script: (keys) => `way=\${SSH_CONNECTION-} pid=$$
while [ -z "$way" ] && [ "\${pid:-0}" -gt 1 ]; do
  way=$(grep -az '^SSH_CONNECTION=' "/proc/$pid/environ" 2>/dev/null | tr -d '\\0')
  way=\${way#*=}
  read -r line <"/proc/$pid/stat" || break
  set -- \${line##*)}
  pid=$2
done
set -- $way
printf 'ssh %s\\nroute %s\\n' "$way" "$([ -z "$1" ] || ip -o route get "$1" 2>/dev/null)"
[ -z "$4" ] || grep -ls "port=[\\"']$4[\\"']" ${library}/services/*.xml ${settings}/services/*.xml
[ ! -e ${library} ] || echo installed
for service in ${words(keys.flatMap(({ services }) => services))}; do
  [ -e "${library}/services/$service.xml" ] || [ -e "${settings}/services/$service.xml" ] ||
    printf 'missing %s\\n' "$service"
done
for policy in ${words(keys.map(({ policy }) => policy))}; do
  printf 'policy %s %s\\n' "$policy" "$(busctl --auto-start=no --json=short call \\
    org.fedoraproject.FirewallD1 /org/fedoraproject/FirewallD1 \\
    org.fedoraproject.FirewallD1.policy getPolicySettings s "$policy" 2>&1)"
done
grep -sH '' ${settings}/firewalld.conf ${library}/zones/*.xml ${settings}/zones/*.xml ${keys
    .map(({ policy }) => policyFile(policy))
    .join(' ')} || :`,
  parse(stdout, keys) {
    const lines = stdout.toString().split('\n')
    const files = readFiles(lines)
    const after = (word: string): string[] =>
      lines.flatMap((line) => (line.startsWith(`${word} `) ? line.slice(word.length + 1) : []))
    const missing = after('missing')
    const said = new Map(
      after('policy').map((line) => [line.split(' ', 1)[0], line.slice(line.indexOf(' ') + 1)]),
    )
    const common = {
      installed: lines.includes('installed'),
      defaultZone:
        /^DefaultZone=(\S+)/m.exec(files.get(`${settings}/firewalld.conf`) ?? '')?.[1] ?? 'public',
      zones: zonesOf(files),
      ssh: sshOf(after('ssh')[0] ?? '', after('route')[0] ?? '', lines),
    }
    return keys.map(({ policy, services }) => ({
      ...common,
      ...readRuntime(said.get(policy) ?? ''),
      permanent: files.get(policyFile(policy)) ?? null,
      missing: services.filter((service) => missing.includes(service)),
    }))
  },
})

export function policyFile(policy: string): string {
  return `${settings}/policies/${policy}.xml`
}

/** Lines of grep: a file's name, a colon and a line of it. */
function readFiles(lines: readonly string[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const line of lines) {
    const [, path, text] = /^(\/[^:]+\.(?:xml|conf)):(.*)$/.exec(line) ?? []
    if (path !== undefined) files.set(path, `${files.get(path) ?? ''}${text ?? ''}\n`)
  }
  return files
}

function zonesOf(files: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    firewalldFolders.flatMap((folder) =>
      [...files].flatMap(([path, text]) =>
        path.startsWith(`${folder}/zones/`) ? [[baseName(path), text] as const] : [],
      ),
    ),
  )
}

function sshOf(way: string, route: string, lines: readonly string[]): SshConnection | null {
  const [client, , , port] = way.split(' ')
  if (client === undefined || port === undefined) return null
  const services = lines.filter((line) => /^\/[^:]+\/services\/[^/:]+\.xml$/.test(line))
  return {
    client: client.replace(/%.*/, ''),
    port: Number(port),
    interface: / dev (\S+)/.exec(route)?.[1] ?? null,
    services: services.map(baseName),
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1, -'.xml'.length)
}

/** firewalld's own names, with what the bus says about their types. */
type Properties = Readonly<Record<string, { readonly data: unknown } | undefined>>

const read = new Set(['target', 'priority', 'ingress_zones', 'egress_zones', 'rich_rules'])

function readRuntime(said: string): Pick<FirewalldState, 'running' | 'runtime'> {
  if (said.startsWith('{')) {
    const [properties = {}] = (JSON.parse(said) as { readonly data: readonly Properties[] }).data
    const list = (name: string) => (properties[name]?.data ?? []) as readonly string[]
    const others = Object.entries(properties).filter(
      ([name, value]) =>
        !read.has(name) && !['version', 'short', 'description'].includes(name) && isSet(value),
    )
    const runtime = {
      priority: Number(properties['priority']?.data),
      target: String(properties['target']?.data),
      ingress: list('ingress_zones'),
      egress: list('egress_zones'),
      rules: list('rich_rules'),
      others: others.map(([name, value]) => `${name} ${JSON.stringify(value?.data)}`),
    }
    return { running: true, runtime }
  }
  if (said.includes('INVALID_POLICY')) return { running: true, runtime: null }
  if (/does not exist|was not provided|no owner|No such file|Failed to connect/i.test(said))
    return { running: false, runtime: null }
  throw new HostwrightError('TASK_FAILED', `Cannot ask firewalld about its policies: "${said}"`, {
    hint: 'it takes the rights of root and busctl of systemd 240 or later',
  })
}

function isSet(value: Properties[string]): boolean {
  const data = value?.data
  return Array.isArray(data) ? data.length > 0 : data !== false && data !== undefined
}
