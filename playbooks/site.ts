import { playbook } from '../lib/index.js'
import { clusterHosts } from '../roles/cluster_hosts/index.js'
import { epel } from '../roles/epel/index.js'
import { firewalld } from '../roles/firewalld/index.js'
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
})
