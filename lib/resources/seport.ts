import { quote } from '../core/quote.js'
import { resourceType } from './define.js'
import { checkWord, refuse } from './parameters.js'
import { selinux } from './probes/selinux.js'
import { seport as state } from './probes/seport.js'
import { installed, isName, policyEffects, withSelinux } from './selinux/with-selinux.js'
import type { CommonOptions, Resource } from './types.js'

export interface SeportOptions {
  /** A port, or a range such as `5000-5010`. */
  readonly port: number | string
  /** @default 'tcp' */
  readonly protocol?: 'tcp' | 'udp' | 'dccp' | 'sctp'
  /** As `semanage port -l` lists it: `mysqld_port_t`. */
  readonly setype: string
  /** `absent` takes away what was said on this host; what the policy says stays. @default 'present' */
  readonly state?: 'present' | 'absent'
}

const keyOf = ({ port, protocol = 'tcp' }: SeportOptions) => ({ port: String(port), protocol })

const describe = resourceType<SeportOptions>({
  name: 'seport',
  title: (wish) => `${keyOf(wish).protocol} ${wish.port}`,
  reads: (wish) => [selinux(), state(keyOf(wish))],
  plan: withSelinux((wish, ask) => {
    const key = keyOf(wish)
    const query = state(key)
    const now = installed(ask(query), 'semanage', `port "${key.port}"`)
    const current = now.local ?? now.policy
    const present = wish.state !== 'absent'
    // Another type than the one that is to go is somebody else's.
    if (present ? current === wish.setype : now.local !== wish.setype)
      return { changes: [], steps: [] }
    const verb = !present ? '-d' : `${current === null ? '-a' : '-m'} -t ${quote(wish.setype)}`
    const local = present ? wish.setype : null
    const to = local ?? now.policy ?? 'none'
    return {
      changes: [{ property: 'setype', from: current ?? 'none', to }],
      steps: [{ script: `semanage port ${verb} -p ${key.protocol} ${quote(key.port)}` }],
      effects: policyEffects([[query, { ...now, local }]]),
    }
  }),
})

/**
 * What SELinux takes a port for: which services may use it. Skipped where SELinux is disabled. Built
 * from the manual pages, not run where SELinux is enforcing.
 *
 * @see semanage-port(8)
 * @see https://docs.ansible.com/ansible/latest/collections/community/general/seport_module.html
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED, also where semanage is not
 *   installed
 * @example
 * seport({ port: 3307, setype: 'mysqld_port_t' })
 */
export function seport(options: SeportOptions & CommonOptions): Resource {
  const { port, protocol, setype } = options
  const [first = 0, last = first] = String(port).split('-').map(Number)
  if (!/^\d+(?:-\d+)?$/.test(String(port)) || first < 1 || first > last || last > 65_535)
    refuse(
      `Cannot label port "${port}": it is neither a port nor a range of ports`,
      `For example 3307 or '5000-5010'`,
    )
  if (!isName(setype))
    refuse(
      `Cannot label port "${port}": "${String(setype)}" is not a type`,
      `For example 'mysqld_port_t'`,
    )
  checkWord(protocol, 'protocol', ['tcp', 'udp', 'dccp', 'sctp'])
  checkWord(options.state, 'state', ['present', 'absent'])
  return describe(options)
}
