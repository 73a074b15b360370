import { HostwrightError } from '../../core/errors.js'
import { sqlAccount, sqlName } from './sql.js'

/** Privileges by level: `{ 'acme.*': ['ALL PRIVILEGES'] }`. */
export type Grants = ReadonlyMap<string, ReadonlySet<string>>

/** A level's privileges that are not as wished. */
export interface GrantDifference {
  readonly level: string
  readonly from: ReadonlySet<string>
  readonly to: ReadonlySet<string>
}

/**
 * Brings wished privileges into the words of SHOW GRANTS.
 *
 * @throws HostwrightError PARAMETER_INVALID for a level that is not `database.table`
 */
export function wishedGrants(privileges: Readonly<Record<string, readonly string[]>>): Grants {
  return new Map(
    Object.entries(privileges).map(([level, names]) => {
      if (!/^[^.`]+\.[^.`]+$/.test(level))
        throw new HostwrightError(
          'PARAMETER_INVALID',
          `Cannot grant on "${level}": it is not of the form database.table`,
          {
            hint: 'write "acme.*" for a database, "acme.orders" for a table, "*.*" for all',
          },
        )
      return [level, new Set(names.map(shownName).filter((name) => name !== 'USAGE'))]
    }),
  )
}

/** Reads lines of SHOW GRANTS. Roles, proxies and routines are no part of it. */
export function parseGrants(lines: readonly string[]): Grants {
  const grants = new Map<string, Set<string>>()
  for (const line of lines) {
    const found = /^GRANT (.+?) ON (`(?:[^`]|``)*`|\*)\.(`(?:[^`]|``)*`|\*) TO (.*)$/.exec(line)
    if (!found) continue
    const [, names = '', database = '', table = '', rest = ''] = found
    if (names === 'PROXY') continue
    const set = new Set(names.split(/, (?![^(]*\))/).map(shownName))
    if (/ WITH (?:.* )?GRANT OPTION/.test(rest)) set.add('GRANT OPTION')
    set.delete('USAGE')
    if (set.size > 0) grants.set(`${bare(database)}.${bare(table)}`, set)
  }
  return grants
}

/** The levels that differ; a level that is not wished for is to have none. */
export function grantDifferences(now: Grants, wished: Grants): GrantDifference[] {
  const none: ReadonlySet<string> = new Set()
  return [...new Set([...wished.keys(), ...now.keys()])]
    .map((level) => ({ level, from: now.get(level) ?? none, to: wished.get(level) ?? none }))
    .filter(({ from, to }) => from.size !== to.size || [...from].some((name) => !to.has(name)))
}

/**
 * Statements that turn one level from what it is to what it should be. Rights that stay are gone in
 * between only where they were part of all.
 */
export function grantStatements(
  { level, from, to }: GrantDifference,
  user: string,
  host: string,
): string[] {
  const [database = '', table = ''] = level.split('.')
  const on = `ON ${target(database)}.${target(table)}`
  const account = sqlAccount(user, host)
  const all = from.has(everything) && !to.has(everything)
  const lost = all ? [everything] : [...from].filter((name) => !to.has(name) && !to.has(everything))
  if (from.has('GRANT OPTION') && !to.has('GRANT OPTION') && !lost.includes('GRANT OPTION'))
    lost.push('GRANT OPTION')
  const gained = [...to].filter((name) => name !== 'GRANT OPTION' && (all || !from.has(name)))
  const option = to.has('GRANT OPTION') && !from.has('GRANT OPTION')
  return [
    ...lost.map((name) => `REVOKE ${name} ${on} FROM ${account}`),
    ...(gained.length > 0 || option
      ? [
          `GRANT ${gained.join(', ') || 'USAGE'} ${on} TO ${account}${option ? ' WITH GRANT OPTION' : ''}`,
        ]
      : []),
  ]
}

/** Privileges as text, sorted. */
export function showPrivileges(names: ReadonlySet<string>): string {
  return [...names].toSorted().join(', ') || 'none'
}

const everything = 'ALL PRIVILEGES'

/** Names that mean the same, and the one that SHOW GRANTS prints since 10.5. */
const synonyms: Readonly<Record<string, string>> = {
  ALL: everything,
  GRANT: 'GRANT OPTION',
  'REPLICATION CLIENT': 'BINLOG MONITOR',
  'REPLICATION REPLICA': 'REPLICATION SLAVE',
  'REPLICATION REPLICA ADMIN': 'REPLICATION SLAVE ADMIN',
  'REPLICA MONITOR': 'SLAVE MONITOR',
  'DELETE VERSIONING ROWS': 'DELETE HISTORY',
}

function shownName(name: string): string {
  // Columns keep their case: `SELECT (Id)`.
  const [words = '', ...columns] = name.trim().split(/ ?(?=\()/)
  const plain = words.toUpperCase().replaceAll(/\s+/g, ' ')
  return [synonyms[plain] ?? plain, ...columns].join(' ')
}

function bare(part: string): string {
  return part === '*' ? part : part.slice(1, -1).replaceAll('``', '`')
}

function target(part: string): string {
  return part === '*' ? part : sqlName(part)
}
