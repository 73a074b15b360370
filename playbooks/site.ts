import { playbook, type Host } from '../lib/index.js'
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
    await acme2certifierDjango(host, packageOf(host))
    // In the lab, which has no CA of its own.
    if ('acme_test_ca' in host.vars) await acmeTestCa(host)
  })
})

/** For `-e acme2certifier_package=FILE-OR-URL` and, with a URL, `-e acme2certifier_package_sha256=SUM`. */
function packageOf({ vars }: Host): { package?: string; packageSha256?: string | undefined } {
  const { acme2certifier_package: file, acme2certifier_package_sha256: sum } = vars
  return {
    // The sum that the inventory has is that of the inventory's package.
    ...(file !== undefined && { package: String(file), packageSha256: undefined }),
    ...(sum !== undefined && { packageSha256: String(sum) }),
  }
}
