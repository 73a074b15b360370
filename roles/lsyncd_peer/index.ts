import { role } from '../../lib/index.js'
import { configure } from './configure.js'
import { lsyncdNode, lsyncdSource } from './facts.js'
import { familyOf } from './families.js'
import { join } from './join.js'
import { ownAddresses, peersOf } from './nodes.js'
import { params } from './params.js'

export { lsyncdNode, type LsyncdNode } from './facts.js'

/**
 * A folder that all nodes have: what is created, changed, renamed or deleted on one is soon so on
 * all. A node that is blank is filled from the others before it sends anything. See README.md.
 *
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED where the folder's file system
 *   is not mounted, or what is to fill the node cannot be reached
 */
export const lsyncdPeer = role({
  name: 'lsyncd_peer',
  params,
  families: ['debian', 'redhat'],
  publishes: [lsyncdNode, lsyncdSource],
  needs: [lsyncdNode, lsyncdSource],
  checkParams: (host, wish) => void peersOf(host, wish),
  async run(host, wish) {
    const peers = peersOf(host, wish)
    const family = familyOf((await host.facts()).family)
    const own = await configure(host, wish, family, peers)
    const node = { ...own, addresses: await ownAddresses(host) }
    await host.publish(lsyncdNode, node)
    const told = await Promise.all(
      peers.map(async (name) => [name, await host.peer(name).fact(lsyncdNode)] as const),
    )
    await join(host, wish, family, node, new Map(told))
  },
})
