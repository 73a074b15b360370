import type { Host } from '../../lib/index.js'
import { ask } from './sql.js'

/**
 * What CHECKSUM TABLE says of every table that is not the server's own, by `database.table`.
 *
 * @param probes the beginning of the names of databases that are left out
 */
export async function tableChecksums(
  host: Host,
  probes: string,
): Promise<ReadonlyMap<string, string>> {
  const tables = await ask(
    host,
    `SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.TABLES
     WHERE TABLE_TYPE = 'BASE TABLE'
     AND TABLE_SCHEMA NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')
     AND LEFT(TABLE_SCHEMA, ${probes.length}) <> '${probes}'`,
  )
  if (tables.length === 0) return new Map()
  const names = tables.map(({ db = '', name = '' }) => `${quoted(db)}.${quoted(name)}`)
  const sums = await ask(host, `CHECKSUM TABLE ${names.join(', ')}`)
  return new Map(sums.map(({ Table = '', Checksum = '' }) => [Table, Checksum]))
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
