import { probeKind } from '../define.js'
import type { Query } from '../types.js'

/** What SELinux does on a host. */
export interface SelinuxFacts {
  readonly status: 'enabled' | 'disabled'
  /** null where it is disabled. */
  readonly mode: 'enforcing' | 'permissive' | null
  /** The policy of /etc/selinux/config: `targeted`, `mls`; null where none is named. */
  readonly policy: string | null
}

/** Prints mode and policy: the kernel's file system says the one, the configuration the other. */
export const saySelinux = `enforce=-
[ ! -r /sys/fs/selinux/enforce ] || read -r enforce < /sys/fs/selinux/enforce
policy=$(sed -n 's/^SELINUXTYPE=[[:space:]]*\\([^[:space:]]*\\).*/\\1/p' /etc/selinux/config 2>/dev/null)
printf '%s %s\\n' "$enforce" "$policy"`

/** Reads what {@link saySelinux} has printed. */
export function readSelinux(text: string): SelinuxFacts {
  const [enforce = '', policy = ''] = text.trim().split(' ')
  const enabled = /^[01]$/.test(enforce)
  return {
    status: enabled ? 'enabled' : 'disabled',
    mode: enabled ? (enforce === '1' ? 'enforcing' : 'permissive') : null,
    policy: policy === '' ? null : policy,
  }
}

const query = probeKind<null, SelinuxFacts>({
  name: 'selinux',
  id: () => '',
  script: () => saySelinux,
  parse: (stdout) => [readSelinux(stdout.toString())],
})

/**
 * What SELinux does on the host.
 *
 * @see selinux(8), selinux_config(5)
 */
export function selinux(): Query<SelinuxFacts> {
  return query(null)
}

/**
 * A script that asks SELinux's own programs. It prints nothing where SELinux is disabled, and
 * `lacking` where the program is not installed; what it prints begins with a line `has` otherwise.
 */
export function withSelinux(program: string, script: string): string {
  return `if [ -e /sys/fs/selinux/enforce ]; then
  if command -v ${program} >/dev/null; then
    echo has
    ${script}
  else
    echo lacking
  fi
fi`
}

/** What a script of {@link withSelinux} has printed; null where its program was not there. */
export function linesOf(stdout: Buffer): readonly string[] | null {
  const [first, ...lines] = stdout.toString().split('\n')
  return first === 'has' ? lines : null
}
