import { quote } from '../../core/quote.js'
import { probeKind } from '../define.js'
import type { Query } from '../types.js'

export interface TcpKey {
  readonly port: number
  /** Left out: whether the host itself listens, on any address. */
  readonly host?: string
}

/** `unsupported`: another host's port can be tried only where bash is. */
export type TcpState = 'open' | 'closed' | 'unsupported'

/**
 * Whether a TCP port takes connections. For the host's own the kernel's table is read, so nothing
 * connects.
 *
 * @see proc_net_tcp(5)
 */
export const tcp: (key: TcpKey) => Query<TcpState> = probeKind<TcpKey, TcpState>({
  name: 'tcp',
  id: (key) => `${key.host ?? ''}:${key.port}`,
  onDemand: () => true,
  script: (keys) =>
    [
      'command -v bash >/dev/null && bash=1 || bash=0',
      ...keys.map(
        (key) =>
          `if ${key.host !== undefined ? '[ $bash = 0 ]' : 'false'}; then echo unsupported; elif ${tcpTest(key)}; then echo open; else echo closed; fi`,
      ),
    ].join('\n'),
  parse: (stdout) => stdout.toString().trim().split('\n') as TcpState[],
})

/** A shell's condition: is the port open? Another host's needs bash, and is given two seconds. */
export function tcpTest({ host, port }: TcpKey): string {
  if (host !== undefined)
    return `timeout 2 bash -c '< "/dev/tcp/$0/$1"' ${quote(host)} ${port} 2>/dev/null`
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return `grep -qsE '^ *[0-9]+: [0-9A-F]+:${hex} [0-9A-F]+:0000 0A ' /proc/net/tcp /proc/net/tcp6`
}
