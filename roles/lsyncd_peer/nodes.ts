import { isIP } from 'node:net'
import { HostwrightError, type Host } from '../../lib/index.js'
import type { LsyncdNode } from './facts.js'
import { defaultFolder, type Params } from './params.js'

/**
 * The inventory names of the nodes that this one mirrors to and from.
 *
 * @throws HostwrightError PARAMETER_INVALID
 */
export function peersOf(host: Host, { peers, method, restrictKey }: Params): readonly string[] {
  const refuse = (text: string, hint: string) => {
    throw new HostwrightError(
      'PARAMETER_INVALID',
      `Cannot mirror to the peers of "${host.name}": ${text}`,
      { hint },
    )
  }
  const names = (peers ?? host.hosts).filter((name) => name !== host.name)
  if (names.length === 0)
    refuse('there are none', 'run the play on all nodes, or name the others in peers')
  if (new Set(names).size < names.length) refuse('one is named twice', 'name each of them once')
  if (method === 'rsyncssh' && restrictKey)
    refuse(
      'method "rsyncssh" runs mv and rm there, and a restricted key runs nothing but rsync',
      'give restrictKey: false, or use method "rsync"',
    )
  return names
}

/** How a node is reached: as the inventory says, else by its name. */
export function endpointOf(host: Host, name: string): { address: string; port: number } {
  const { ansible_host: address, ansible_port: port } = host.peer(name).vars
  return {
    address: typeof address === 'string' ? address : name,
    port: port === undefined ? 22 : Number(port),
  }
}

/**
 * Where a node's folder is, and whose. What the inventory says of each node holds as long as it is what
 * counts here too; what the playbook passes is the same on all.
 */
export function folderOf(host: Host, name: string, wish: Params): Pick<Params, 'folder' | 'owner'> {
  if (name === host.name) return wish
  const own = saidOf(host.vars)
  const theirs = saidOf(host.peer(name).vars)
  return {
    folder: wish.folder === own.folder ? theirs.folder : wish.folder,
    owner: wish.owner === own.owner ? theirs.owner : wish.owner,
  }
}

function saidOf({ lsyncd_peer: said }: Host['vars']): Pick<Params, 'folder' | 'owner'> {
  const { folder, owner } = (said ?? {}) as Readonly<Record<string, unknown>>
  return {
    folder: typeof folder === 'string' ? folder : defaultFolder,
    owner: typeof owner === 'string' ? owner : undefined,
  }
}

/** What tells rsync that one account has two names. */
export function mapping(from: string | undefined, to: string | undefined): readonly string[] {
  if (from === undefined || to === undefined || from === to) return []
  return [`--usermap=${from}:${to}`, `--groupmap=${from}:${to}`]
}

/** From which addresses a node connects to the others. */
export async function ownAddresses(host: Host): Promise<readonly string[]> {
  const { addresses } = await host.facts()
  const own = addresses
    .map(({ address }) => address)
    .filter((address) => !/^(fe80:|169\.254\.)/i.test(address))
  const { ansible_host: said } = host.vars
  return typeof said === 'string' && isIP(said) > 0 && own.includes(said) ? [said] : own
}

/**
 * The nodes that this one is to be filled from before it may send anything; none where it may begin.
 * While no node is seeded, the first that holds anything begins, and the others take from it: what
 * they have besides, they send once they run.
 */
export function sourcesOf(
  own: { readonly name: string; readonly node: LsyncdNode },
  peers: ReadonlyMap<string, LsyncdNode>,
  order: readonly string[],
): readonly string[] {
  if (own.node.seeded) return []
  const seeded = [...peers].filter(([, { seeded: is }]) => is).map(([name]) => name)
  if (seeded.length > 0) return seeded
  const all = new Map([...peers, [own.name, own.node]])
  const names = [...all.keys()].toSorted((a, b) => order.indexOf(a) - order.indexOf(b))
  const first = names.find((name) => all.get(name)?.empty === false) ?? names[0]
  return first === undefined || first === own.name ? [] : [first]
}
