import { createHash } from 'node:crypto'
import { HostwrightError } from '../core/errors.js'
import type { Secret } from '../core/secret.js'
import type { Change } from '../report/events.js'
import { resourceType } from './define.js'
import { sqlStep } from './mariadb/client.js'
import {
  grantDifferences,
  grantStatements,
  parseGrants,
  showPrivileges,
  wishedGrants,
} from './mariadb/grants.js'
import { nativePassword } from './mariadb/native-password.js'
import { rowsOf } from './mariadb/rows.js'
import { sqlAccount, sqlText } from './mariadb/sql.js'
import { mariadb, staleMariadb } from './probes/mariadb.js'
import type { Ask, Plan } from './types.js'

/** @see https://mariadb.com/kb/en/create-user/ */
export interface MariadbUserOptions {
  readonly name: string
  /** From where it may log in; `%` is anywhere. @default 'localhost' */
  readonly host?: string
  /** Needed to make the account; left out, an account keeps its own. */
  readonly password?: Secret
  /**
   * Exactly these, by level: `{ 'acme.*': ['ALL'] }`. Others on databases and tables are revoked, as
   * Ansible's mysql_user does. Left out, privileges are not looked at.
   */
  readonly privileges?: Readonly<Record<string, readonly string[]>>
  /** Whether it may log in over TLS only. @default as it is */
  readonly requireSsl?: boolean
  /** @default 'present' */
  readonly state?: 'present' | 'absent'
  /** Whether replicas get the account too; false keeps it out of the binary log. @default true */
  readonly binlog?: boolean
}

/**
 * An account of the MariaDB on the host. Whether the password is right is told by comparing what the
 * server keeps of it (mysql_native_password) with what it would keep of this one; only digests of
 * that leave the host. Unlike a test log-in it holds whatever other accounts match the same address.
 *
 * @throws HostwrightError PARAMETER_INVALID for a new account without a password, or a level that is
 *   not `database.table`; TASK_FAILED where MariaDB does not answer
 * @example
 * mariadbUser({ name: 'acme', password, privileges: { 'acme2certifier.*': ['ALL'] } })
 */
export const mariadbUser = resourceType<MariadbUserOptions>({
  name: 'mariadbUser',
  title: (wish) => `${wish.name}@${wish.host ?? 'localhost'}`,
  reads,
  plan,
})

function reads(wish: MariadbUserOptions) {
  return wish.privileges === undefined || wish.state === 'absent'
    ? [account(wish)]
    : [account(wish), grants(wish)]
}

const account = ({ name, host = 'localhost' }: MariadbUserOptions) => {
  const kept = ['$', '$.auth_or[0]', '$.auth_or[1]', '$.auth_or[2]'].map(
    (at) =>
      `SHA2(CONCAT(${sqlText(salt(name, host))}, JSON_VALUE(Priv, '${at}.authentication_string')), 256)`,
  )
  return mariadb(
    `SELECT CONCAT_WS(' ', ${kept.join(', ')}) AS passwords,
     COALESCE(JSON_VALUE(Priv, '$.ssl_type'), 0) AS secured
     FROM mysql.global_priv WHERE User = ${sqlText(name)} AND Host = ${sqlText(host)}
     AND COALESCE(JSON_VALUE(Priv, '$.is_role'), 'false') NOT IN ('true', '1')`,
  )
}

/** The same password is another digest for each account. */
function salt(name: string, host: string): string {
  return `${name}@${host} `
}

function isRight(passwords: string, { name, host = 'localhost', password }: MariadbUserOptions) {
  if (!password) return true
  const text = `${salt(name, host)}${nativePassword(password).reveal()}`
  return passwords.split(' ').includes(createHash('sha256').update(text).digest('hex'))
}

const grants = ({ name, host = 'localhost' }: MariadbUserOptions) =>
  mariadb(`SHOW GRANTS FOR ${sqlAccount(name, host)}`)

/** There is no such grant: no such account. */
const noSuchGrant = 1141

function plan(wish: MariadbUserOptions, ask: Ask): Plan {
  const { name, host = 'localhost', password } = wish
  const about = `account "${name}@${host}"`
  const user = sqlAccount(name, host)
  const [now] = rowsOf(ask(account(wish)), about)
  if (wish.state === 'absent')
    return now
      ? change(
          wish,
          [{ property: 'state', from: 'present', to: 'absent' }],
          [`DROP USER IF EXISTS ${user}`],
        )
      : { changes: [], steps: [] }

  const changes: Change[] = []
  const identity = password
    ? ` IDENTIFIED BY PASSWORD ${sqlText(nativePassword(password).reveal())}`
    : ''
  const require =
    wish.requireSsl === undefined ? '' : ` REQUIRE ${wish.requireSsl ? 'SSL' : 'NONE'}`
  const statements: string[] = []
  if (!now) {
    if (!password)
      throw new HostwrightError('PARAMETER_INVALID', `Cannot make ${about}: it has no password`, {
        hint: 'give password; without one anybody could log in',
      })
    changes.push({ property: 'state', from: 'absent', to: 'present' })
    statements.push(`CREATE USER IF NOT EXISTS ${user}${identity}${require}`)
  } else {
    const wrong = !isRight(now['passwords'] ?? '', wish)
    const secured = now['secured'] !== '0'
    const tls = wish.requireSsl !== undefined && wish.requireSsl !== secured
    if (wrong) changes.push({ property: 'password', from: '***', to: '***' })
    if (tls)
      changes.push({ property: 'requireSsl', from: String(secured), to: String(wish.requireSsl) })
    if (wrong || tls)
      statements.push(`ALTER USER ${user}${wrong ? identity : ''}${tls ? require : ''}`)
  }
  if (wish.privileges !== undefined) {
    const lines = rowsOf(ask(grants(wish)), about, [noSuchGrant]).flatMap((row) =>
      Object.values(row),
    )
    const have = parseGrants(now ? lines.map((line) => line ?? '') : [])
    for (const difference of grantDifferences(have, wishedGrants(wish.privileges))) {
      const { level, from, to } = difference
      changes.push({
        property: `privileges on ${level}`,
        from: showPrivileges(from),
        to: showPrivileges(to),
      })
      statements.push(...grantStatements(difference, name, host))
    }
  }
  return statements.length === 0 ? { changes: [], steps: [] } : change(wish, changes, statements)
}

function change(
  wish: MariadbUserOptions,
  changes: readonly Change[],
  statements: readonly string[],
): Plan {
  const local = wish.binlog === false ? ['SET SESSION sql_log_bin = 0'] : []
  return {
    changes,
    steps: [sqlStep([...local, ...statements])],
    effects: staleMariadb(account(wish), grants(wish)),
  }
}
