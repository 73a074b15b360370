import { createHash } from 'node:crypto'
import { secret, type Secret } from '../../core/secret.js'

/**
 * What MariaDB keeps of a password under mysql_native_password: `*` and SHA1(SHA1(password)) in hex.
 * Statements carry this in place of the password, which the binary log would keep as written. It is
 * a secret too: it is all that a replayed log-in needs.
 *
 * @see https://mariadb.com/kb/en/authentication-plugin-mysql_native_password/
 */
export function nativePassword(password: Secret): Secret {
  const once = createHash('sha1').update(password.reveal()).digest()
  return secret(`*${createHash('sha1').update(once).digest('hex').toUpperCase()}`)
}
