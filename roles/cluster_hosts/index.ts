import { isIP } from 'node:net'
import * as v from 'valibot'
import { fact, hostsEntry, role } from '../../lib/index.js'

/** The address under which the other nodes reach a host. */
export const clusterAddress = fact<string>('cluster_hosts.address')

/** Writes every node of the play into every node's /etc/hosts. */
export const clusterHosts = role({
  name: 'cluster_hosts',
  params: v.object({
    domain: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i, 'is not a domain'),
        v.description(
          'Appended to the inventory names for the full names; without it there is only the short one',
        ),
      ),
    ),
  }),
  publishes: [clusterAddress],
  needs: [clusterAddress],
  async run(host, { domain }) {
    const isAddress = (value: unknown): value is string =>
      typeof value === 'string' && isIP(value) > 0
    const own = host.vars['ansible_host'] ?? host.name
    await host.publish(
      clusterAddress,
      isAddress(own) ? own : host.facts().then(({ defaultAddress }) => defaultAddress ?? ''),
    )
    // What the inventory says is not waited for: a node that is down does not hold up the others.
    const entries = await Promise.all(
      host.hosts.map(async (name) => {
        const peer = host.peer(name)
        const said = peer.vars['ansible_host'] ?? name
        const address = isAddress(said) ? said : await peer.fact(clusterAddress)
        return hostsEntry({
          address,
          names: domain === undefined ? [name] : [`${name}.${domain}`, name],
        })
      }),
    )
    await host.ensure(entries)
  },
})
