import { localConnection } from './local.js'
import { sshConnection } from './ssh.js'
import type { Connection, ConnectionSettings } from './types.js'

/**
 * A host's connection. Nothing is opened before the first {@link Connection.shell}.
 *
 * @example
 * const connection = connect(connectionSettings(host))
 * const shell = await connection.shell({ user: 'root' })
 * const { stdout } = await shell.run({ script: 'cat /etc/os-release' })
 * await connection.close()
 */
export function connect(settings: ConnectionSettings): Connection {
  return settings.kind === 'local' ? localConnection(settings) : sshConnection(settings)
}
