import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { HostwrightError } from '../core/errors.js'
import type { LabDefinition } from './definition.js'
import { run } from './run.js'
import { overlap, parseSubnet } from './subnet.js'

/** The worst metric there is: it counts only while no other route to the subnet exists. */
const lastMetric = '4294967295'

interface Route {
  readonly type?: string
  readonly dst: string
  readonly dev?: string
}

/** Whether the lab's bridge is there. */
export function hasBridge(lab: Pick<LabDefinition, 'bridge'>): boolean {
  return existsSync(`/sys/class/net/${lab.bridge}`)
}

/**
 * Makes the lab's bridge with its address. First comes an unreachable route behind it, so that no
 * packet for the subnet ever takes the machine's default route.
 *
 * @throws HostwrightError LAB_UNAVAILABLE when the machine has a route to the subnet already
 */
export async function networkUp(lab: LabDefinition): Promise<void> {
  const routes = JSON.parse(
    await run('ip', ['-json', '-4', 'route', 'show', 'table', 'all']),
  ) as Route[]
  const taken = routes.find((route) => {
    const own =
      route.dev === lab.bridge || (route.type === 'unreachable' && route.dst === lab.subnet)
    const subnet = parseSubnet(route.dst)
    return !own && subnet !== undefined && overlap(subnet, lab.range)
  })
  if (taken !== undefined)
    throw new HostwrightError(
      'LAB_UNAVAILABLE',
      `Cannot use subnet "${lab.subnet}": this machine has a route to ${taken.dst}`,
      { hint: 'Give the lab another subnet, or take the lab down that has this one' },
    )
  await run('ip', ['route', 'replace', 'unreachable', lab.subnet, 'metric', lastMetric])
  const hash = createHash('sha256').update(lab.name).digest('hex')
  const mac = ['02', ...(hash.match(/../g) ?? []).slice(0, 5)].join(':')
  if (!hasBridge(lab))
    await run('ip', ['link', 'add', lab.bridge, 'address', mac, 'type', 'bridge'])
  await run('ip', ['address', 'replace', `${lab.gateway}/${lab.range.prefix}`, 'dev', lab.bridge])
  await run('ip', ['link', 'set', lab.bridge, 'up'])
}

/** Removes the bridge and what is on it, and last the unreachable route. */
export async function networkDown(lab: Pick<LabDefinition, 'bridge' | 'subnet'>): Promise<void> {
  if (hasBridge(lab)) {
    // A host's namespace outlives its last process a little; its link must not.
    for (const port of readdirSync(`/sys/class/net/${lab.bridge}/brif`))
      await run('ip', ['link', 'delete', port]).catch(() => undefined)
    await run('ip', ['link', 'delete', lab.bridge])
  }
  const shown = await run('ip', ['-json', '-4', 'route', 'show', lab.subnet])
  const routes = JSON.parse(shown || '[]') as readonly Route[]
  // A lab of another name that has this subnet has this route too.
  if (routes.some((route) => route.type === 'unreachable') && routes.every((route) => !route.dev))
    await run('ip', ['route', 'delete', 'unreachable', lab.subnet, 'metric', lastMetric])
}
