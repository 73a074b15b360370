import { playbook } from 'hostwright'
import { motd } from '../roles/motd/index.ts'

await playbook('site', async ({ play }) => {
  await play('Base system', { hosts: 'all', become: true }, async (host) => {
    await motd(host)
  })
})
