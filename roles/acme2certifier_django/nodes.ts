import { HostwrightError, type Host } from '../../lib/index.js'
import type { Params } from './params.js'

export interface Nodes {
  readonly names: readonly string[]
  /** The one that makes the tables. */
  readonly first: string
}

/** @throws HostwrightError PARAMETER_INVALID */
export function nodesOf(host: Host, { nodes, migrationNode }: Params): Nodes {
  const names = nodes ?? host.hosts
  const refuse = (text: string, hint: string) => {
    throw new HostwrightError(
      'PARAMETER_INVALID',
      `Cannot set up acme2certifier on "${names.join(', ')}": ${text}`,
      { hint },
    )
  }
  if (!names.includes(host.name))
    refuse(
      `host "${host.name}" is not one of them`,
      'name it in nodes, or leave it out of the play',
    )
  if (new Set(names).size < names.length) refuse('one is named twice', 'name each node once')
  const first = migrationNode ?? names[0] ?? host.name
  if (!names.includes(first))
    refuse(`migrationNode "${first}" is not one of them`, 'name a node in migrationNode')
  return { names, first }
}

/**
 * Under which names and addresses clients reach the nodes. Only what the inventory says counts: what
 * a node says of itself may change in the course of a run.
 */
export function namesOf(host: Host, names: readonly string[]): readonly string[] {
  const all = names.flatMap((name) => {
    const { ansible_host: address, cluster_hosts: cluster } = host.peer(name).vars
    const domain = domainOf(cluster)
    return [
      name,
      ...(domain === undefined ? [] : [`${name}.${domain}`]),
      ...(typeof address === 'string' ? [address] : []),
    ]
  })
  return [...new Set(all)]
}

/** Where a node is reached. */
export function addressOf({ name, vars }: Host): string {
  const { ansible_host: address } = vars
  return typeof address === 'string' ? address : name
}

function domainOf(cluster: unknown): string | undefined {
  if (cluster === null || typeof cluster !== 'object' || !('domain' in cluster)) return undefined
  return typeof cluster.domain === 'string' ? cluster.domain : undefined
}
