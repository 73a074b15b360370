import { probeKind } from '../define.js'
import type { Query } from '../types.js'

export interface HostKey {
  /** `ssh-ed25519`, `ssh-rsa`, … */
  readonly type: string
  /** Base64, as in known_hosts. */
  readonly key: string
}

const query = probeKind<null, readonly HostKey[]>({
  name: 'hostKeys',
  id: () => '',
  script: () => `for file in /etc/ssh/ssh_host_*_key.pub; do
  [ ! -r "$file" ] || { read -r type key rest < "$file"; printf '%s %s\\n' "$type" "$key"; }
done`,
  parse(stdout) {
    const lines = stdout.toString().split('\n')
    const keys = lines.map((line) => line.split(' ')).filter((fields) => fields.length === 2)
    return [keys.map(([type = '', key = '']) => ({ type, key }))]
  },
})

/**
 * The public keys that the host's sshd shows.
 *
 * @see sshd(8)
 */
export function hostKeys(): Query<readonly HostKey[]> {
  return query(null)
}
