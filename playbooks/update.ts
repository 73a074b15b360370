// Brings the newest packages to a cluster that serves all the while: one node after the other, the
// next one only when all is well again. It stops at the first node with which it is not.
import { packages, playbook, requireChecks, service } from '../lib/index.js'
import { verifyAcme2certifierDjango } from '../roles/acme2certifier_django/verify.js'
import { verifyLsyncdPeer } from '../roles/lsyncd_peer/verify.js'
import { verifyReplication } from '../roles/mariadb_master_master/verify.js'

/** In this order, so that each finds what it stands on. */
const units = ['mariadb', 'lsyncd', 'acme2certifier', 'nginx']

await playbook('update', async ({ play }) => {
  const options = { hosts: 'cluster', become: true, serial: 1, maxFailPercentage: 0 } as const
  await play('Update', options, async (host) => {
    // While this node is away the others have to do.
    for (const name of host.hosts)
      requireChecks(await verifyAcme2certifierDjango(host.delegateTo(name)))
    requireChecks(await verifyReplication(host))
    await host.ensure([
      packages({ names: ['*'], state: 'latest' }),
      ...units.map((name) => service({ name, state: 'restarted' })),
    ])
    requireChecks(await verifyReplication(host))
    requireChecks(await verifyLsyncdPeer(host))
    requireChecks(await verifyAcme2certifierDjango(host))
  })
})
