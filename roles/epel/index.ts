import { packages, role } from '../../lib/index.js'

/** Makes the EPEL repository known on Enterprise Linux; Debian has no need of it. */
export const epel = role({
  name: 'epel',
  families: ['debian', 'redhat'],
  async run(host) {
    const { family } = await host.facts()
    if (family === 'redhat') await host.ensure(packages({ names: ['epel-release'] }))
  },
})
