import { quote } from '../../core/quote.js'
import { probeKind } from '../define.js'
import { clientLookup } from '../mariadb/client.js'

/**
 * The SHA-256 of the password that the server keeps for a replication connection, whose name is empty
 * for the default one; null where its file is not there, is not readable or is not of the known form.
 * A connection that was made before the password changed runs on until it is next interrupted, so its
 * state does not tell.
 *
 * @see https://mariadb.com/kb/en/create_master_info/ for the file: line 6 is the password
 */
export const replicationPassword = probeKind<string, string | null>({
  name: 'mariadb-password',
  id: (connection) => connection,
  script: (connections) => `
${clientLookup} && data=$(echo 'SELECT @@datadir;' | "$client" --batch --skip-column-names 2>/dev/null) || exit 0
digest() {
  file=$data$1
  first=
  [ -r "$file" ] && IFS= read -r first <"$file"
  case $first in '' | *[!0-9]*) echo; return ;; esac
  { for _ in 1 2 3 4 5 6; do IFS= read -r line; done; printf %s "$line" | sha256sum; } <"$file"
}
${connections.map((connection) => `digest ${quote(fileOf(connection))}`).join('\n')}
`,
  parse: (stdout, connections) => {
    const lines = stdout.toString().split('\n')
    return connections.map((_, index) => /^[0-9a-f]{64}/.exec(lines[index] ?? '')?.[0] ?? null)
  },
})

/** The server writes what is no letter, digit or underscore as `@` and four hexadecimal digits. */
function fileOf(connection: string): string {
  if (connection === '') return 'master.info'
  const encoded = connection
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, (c) => `@${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `master-${encoded}.info`
}
