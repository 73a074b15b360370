import { isIP } from 'node:net'
import { HostwrightError, type Host } from '../../lib/index.js'
import type { Params } from './params.js'

export interface Node {
  readonly name: string
  /** server_id, gtid_domain_id and auto_increment_offset. */
  readonly id: number
}

/**
 * The cluster's nodes with their numbers.
 *
 * @throws HostwrightError PARAMETER_INVALID for nodes or numbers that can't be; UNSUPPORTED for more
 *   than two nodes with mode "position"
 */
export function nodesOf(host: Host, params: Params): readonly Node[] {
  const names = params.nodes ?? host.hosts
  const refuse = (text: string, hint: string) => {
    throw new HostwrightError(
      'PARAMETER_INVALID',
      `Cannot set up a cluster of "${names.join(', ')}": ${text}`,
      { hint },
    )
  }
  if (names.length < 2)
    refuse('it takes two nodes at least', 'run the play on all nodes, or name them in nodes')
  if (new Set(names).size < names.length)
    refuse('a node is named twice', 'name each node once in nodes')
  if (!names.includes(host.name))
    refuse(
      `host "${host.name}" is not one of them`,
      'name it in nodes, or leave it out of the play',
    )
  if (params.winner !== undefined && !names.includes(params.winner))
    refuse(`winner "${params.winner}" is not one of them`, 'name a node in winner')
  const nodes = names.map((name, index) => ({ name, id: params.serverIds?.[name] ?? index + 1 }))
  if (new Set(nodes.map(({ id }) => id)).size < nodes.length)
    refuse('two nodes have the same number', 'give each node its own in serverIds')
  const planned = plannedNodes(nodes, params)
  if (nodes.some(({ id }) => id > planned))
    refuse(
      `a node's number is greater than ${planned}, the number of planned nodes`,
      'raise plannedNodes',
    )
  if (nodes.length > 2 && params.mode === 'position')
    throw new HostwrightError(
      'UNSUPPORTED',
      `Cannot set up ${nodes.length} nodes with mode "position": each change would arrive once from every peer`,
      { hint: 'use mode "gtid", in which a node knows what it has already' },
    )
  return nodes
}

/** The step between generated keys. */
export function plannedNodes(nodes: readonly Node[], params: Params): number {
  return params.plannedNodes ?? nodes.length
}

/** Where a host listens. */
export async function bindAddressOf(host: Host, params: Params): Promise<string> {
  if (params.bindAddress !== undefined) return params.bindAddress
  const { ansible_host: said } = host.vars
  if (typeof said === 'string' && isIP(said) > 0) return said
  const { defaultAddress } = await host.facts()
  return defaultAddress ?? host.name
}

/** Under which address the others reach a host: where it listens, if that is one address. */
export async function reachableAddress(host: Host, bindAddress: string): Promise<string> {
  if (!['0.0.0.0', '::', '*'].includes(bindAddress)) return bindAddress
  const { ansible_host: said } = host.vars
  if (typeof said === 'string') return said
  const { defaultAddress } = await host.facts()
  return defaultAddress ?? host.name
}
