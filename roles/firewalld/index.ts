import { isIP } from 'node:net'
import {
  firewalldPolicy,
  packages,
  role,
  service,
  type FirewalldRule,
  type Host,
} from '../../lib/index.js'
import { clusterAddress } from '../cluster_hosts/index.js'
import { params, type From, type Params } from './params.js'

/**
 * The host's firewall: stopped, masked, or with just the listed ports open to just those who need
 * them.
 */
export const firewalld = role({
  name: 'firewalld',
  params,
  families: ['debian', 'redhat'],
  needs: [clusterAddress],
  async run(host, wish) {
    if (wish.state !== 'managed') {
      const mask = wish.state === 'masked' ? { masked: true } : {}
      await host.ensure(service({ name: 'firewalld', enabled: false, state: 'stopped', ...mask }))
      return
    }
    await host.ensure([
      // Before the package, which may start firewalld: so no port that is in use is closed meanwhile.
      firewalldPolicy({ name: 'hostwright', rules: await rulesOf(host, wish) }),
      packages({ names: ['firewalld'] }),
      service({ name: 'firewalld', masked: false, enabled: true, state: 'started' }),
    ])
  },
})

async function rulesOf(host: Host, { ports, services }: Params): Promise<FirewalldRule[]> {
  const wanted = [
    ...ports.map(({ port, protocol, from }) => ({ what: { port, protocol }, from })),
    ...services.map(({ service: name, from }) => ({ what: { service: name }, from })),
  ]
  const peers = wanted.some(({ from }) => from === 'peers') ? await addressesOfPeers(host) : []
  return wanted.flatMap(({ what, from }) =>
    from === 'anywhere' ? [what] : sources(from, peers).map((source) => ({ ...what, source })),
  )
}

function sources(from: Exclude<From, 'anywhere'>, peers: readonly string[]): readonly string[] {
  return from === 'peers' ? peers : from
}

/** What the inventory says is not waited for: a node that is down does not hold up the others. */
async function addressesOfPeers(host: Host): Promise<readonly string[]> {
  const others = host.hosts.filter((name) => name !== host.name)
  return await Promise.all(
    others.map(async (name) => {
      const peer = host.peer(name)
      const said = peer.vars['ansible_host'] ?? name
      const isAddress = typeof said === 'string' && isIP(said) > 0
      return isAddress ? said : await peer.fact(clusterAddress)
    }),
  )
}
