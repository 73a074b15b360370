// What Ansible needs on the hosts: npx tsx test/bench/set-up.ts -i INVENTORY
import { packages, playbook } from '../../lib/index.js'

await playbook('set-up', async ({ play }) => {
  await play('Python', { hosts: 'all' }, async (host) => {
    await host.ensure(packages({ names: ['python3'] }))
  })
})
