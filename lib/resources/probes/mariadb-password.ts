import { createHash } from 'node:crypto'
import { quote } from '../../core/quote.js'
import type { Secret } from '../../core/secret.js'
import { probeKind } from '../define.js'
import { clientLookup } from '../mariadb/client.js'

/** `unknown` where the file is not there, is not readable or is not of the known form. */
export type PasswordAnswer = 'right' | 'wrong' | 'unknown'

interface Stored {
  /** A replication connection's name; empty for the default one. */
  readonly connection: string
  readonly password: Secret
}

/**
 * Whether the server keeps this password for a replication connection, told on the host by digests
 * from its master.info. A connection that was made before the password changed runs on until it is
 * next interrupted, so its state does not tell.
 *
 * @see https://mariadb.com/kb/en/create_master_info/ for the file: line 6 is the password
 */
export const replicationPassword = probeKind<Stored, PasswordAnswer>({
  name: 'mariadb-password',
  id: ({ connection, password }) => `${connection}:${digest(password)}`,
  script: (keys) => `
${clientLookup} && data=$(echo 'SELECT @@datadir;' | "$client" --batch --skip-column-names 2>/dev/null) || exit 0
check() {
  file=$data$1
  first=
  [ -r "$file" ] && IFS= read -r first <"$file"
  case $first in '' | *[!0-9]*) echo unknown; return ;; esac
  { for _ in 1 2 3 4 5 6; do IFS= read -r line; done; [ "$(printf %s "$line" | sha256sum)" = "$2  -" ]; } <"$file" && echo right || echo wrong
}
${keys.map(({ connection, password }) => `check ${quote(fileOf(connection))} ${digest(password)}`).join('\n')}
`,
  parse: (stdout, keys) => {
    const lines = stdout.toString().split('\n')
    return keys.map((_, index) => {
      const line = lines[index]
      return line === 'right' || line === 'wrong' ? line : 'unknown'
    })
  },
})

function digest(password: Secret): string {
  return createHash('sha256').update(password.reveal()).digest('hex')
}

/** The server writes what is no letter, digit or underscore as `@` and four hexadecimal digits. */
function fileOf(connection: string): string {
  if (connection === '') return 'master.info'
  const encoded = connection
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, (c) => `@${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `master-${encoded}.info`
}
