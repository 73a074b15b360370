import { playbook } from '../lib/index.js'
import { acme2certifierDjango, acmeTestCa } from '../roles/acme2certifier_django/index.js'
import { clusterHosts } from '../roles/cluster_hosts/index.js'
import { epel } from '../roles/epel/index.js'
import { firewalld } from '../roles/firewalld/index.js'
import { lsyncdPeer } from '../roles/lsyncd_peer/index.js'
import { mariadbMasterMaster } from '../roles/mariadb_master_master/index.js'

await playbook('site', async ({ play }) => {
  await play('Base system', { hosts: 'cluster', become: true }, async (host) => {
    await clusterHosts(host)
    await epel(host)
    await firewalld(host)
  })
  await play('Database', { hosts: 'cluster', become: true }, async (host) => {
    await mariadbMasterMaster(host)
  })
  await play('Mirrored folder', { hosts: 'cluster', become: true }, async (host) => {
    await lsyncdPeer(host)
  })
  await play('ACME server', { hosts: 'cluster', become: true }, async (host) => {
    // For `-e acme2certifier_package=FILE-OR-URL`.
    const { acme2certifier_package: file } = host.vars
    await acme2certifierDjango(host, typeof file === 'string' ? { package: file } : {})
    // In the lab, which has no CA of its own.
    if ('acme_test_ca' in host.vars) await acmeTestCa(host)
  })
})
