import { role, service } from '../../lib/index.js'

/** The host's firewall: stopped. */
export const firewalld = role({
  name: 'firewalld',
  async run(host) {
    await host.ensure(service({ name: 'firewalld', enabled: false, state: 'stopped' }))
  },
})
