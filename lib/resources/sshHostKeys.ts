import { resourceType } from './define.js'
import { hostKeys, type HostKey } from './probes/hostKeys.js'

const describe = resourceType<object, readonly HostKey[]>({
  name: 'sshHostKeys',
  title: () => 'of the host',
  reads: () => [hostKeys()],
  plan: (_, ask) => ({ changes: [], steps: [], output: ask(hostKeys()) }),
})

/**
 * Reads the public keys that the host's sshd shows, to be pinned on other hosts; it changes nothing.
 *
 * @see sshd(8), known_hosts
 * @example
 * const { output } = await host.ensure(sshHostKeys())
 * output.map(({ type, key }) => `alma9-c1 ${type} ${key}`)
 */
export function sshHostKeys() {
  return describe({})
}
