import { playbook } from '../lib/index.js'
import { verifyLsyncdPeer } from '../roles/lsyncd_peer/verify.js'
import { verifyMariadbMasterMaster } from '../roles/mariadb_master_master/verify.js'

await playbook('verify', async ({ play }) => {
  await play('Database', { hosts: 'cluster', become: true }, async (host) => {
    await verifyMariadbMasterMaster(host)
  })
  await play('Mirrored folder', { hosts: 'cluster', become: true }, async (host) => {
    await verifyLsyncdPeer(host)
  })
})
