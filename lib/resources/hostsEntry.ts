import { isIP } from 'node:net'
import { resourceType } from './define.js'
import { editPlan, editReads, insertLines } from './edit.js'
import { refuse } from './parameters.js'
import type { CommonOptions, Resource } from './types.js'

export interface HostsEntryOptions {
  /** IPv4 or IPv6. */
  readonly address: string
  /** The first is the canonical one. */
  readonly names: readonly string[]
}

const path = '/etc/hosts'

const describe = resourceType<HostsEntryOptions>({
  name: 'hostsEntry',
  title: ({ address, names }) => `${address} ${names.join(' ')}`,
  reads: () => editReads(path),
  plan: (wish, ask) =>
    editPlan(ask, {
      path,
      task: `hostsEntry ${wish.address}`,
      create: true,
      sensitive: false,
      edit: (lines) => edit(wish, lines),
    }),
})

/**
 * One line of /etc/hosts. The line of the same address and first name is replaced; lines of other
 * addresses lose the names, since the first line that has a name wins. (Debian writes a host's own
 * name beside 127.0.1.1.) An IPv4 and an IPv6 address may share names.
 *
 * @see hosts(5)
 * @throws HostwrightError PARAMETER_INVALID
 * @example
 * hostsEntry({ address: '198.51.100.11', names: ['alma9-c1.example', 'alma9-c1'] })
 */
export function hostsEntry(options: HostsEntryOptions & CommonOptions): Resource {
  const { address, names } = options
  if (isIP(address) === 0)
    refuse(`Cannot use address "${address}": it is not an IP address`, 'Give IPv4 or IPv6')
  if (names.length === 0) refuse(`Cannot enter "${address}": it has no names`, 'Give a name')
  for (const name of names)
    if (!/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(name))
      refuse(`Cannot enter "${name}": it is not a host name`, 'Use letters, digits, - and .')
  return describe({ ...options, names: [...new Set(names)] })
}

function edit({ address, names }: HostsEntryOptions, lines: readonly string[]): readonly string[] {
  const wanted = `${address} ${names.join(' ')}`
  const kept: string[] = []
  let at: number | undefined
  for (const line of lines) {
    const [, indent = '', other = '', rest = '', comment = ''] =
      /^(\s*)([^\s#]+)([^#\n]*)((?:#.*)?)\n?$/.exec(line) ?? []
    const its = rest.split(/\s+/).filter(Boolean)
    if (at === undefined && other === address && its[0] === names[0]) {
      at = kept.length
      const same = its.join(' ') === names.join(' ')
      kept.push(same ? line : `${indent}${wanted}${comment && ` ${comment}`}\n`)
      continue
    }
    const left = its.filter((name) => !names.includes(name))
    if (isIP(other) !== isIP(address) || left.length === its.length) kept.push(line)
    else if (left.length > 0)
      kept.push(`${indent}${other} ${left.join(' ')}${comment && ` ${comment}`}\n`)
  }
  return at === undefined ? insertLines(kept, kept.length, [wanted]) : kept
}
