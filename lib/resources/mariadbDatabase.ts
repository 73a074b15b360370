import { HostwrightError } from '../core/errors.js'
import type { Change } from '../report/events.js'
import { resourceType } from './define.js'
import { sqlStep } from './mariadb/client.js'
import { rowsOf } from './mariadb/rows.js'
import { sqlName, sqlText } from './mariadb/sql.js'
import { mariadb, staleMariadb } from './probes/mariadb.js'
import type { Ask, Plan } from './types.js'

/** @see https://mariadb.com/kb/en/create-database/ */
export interface MariadbDatabaseOptions {
  readonly name: string
  /** @default 'utf8mb4' */
  readonly characterSet?: string
  /** @default the character set's own */
  readonly collation?: string
  /** @default 'present' */
  readonly state?: 'present' | 'absent'
  /** Must be true for a database to be dropped: its data is gone then. @default false */
  readonly dropData?: boolean
}

/**
 * A database of the MariaDB on the host. Its statements are written to the binary log, so replicas
 * follow, and they fail on no replica where the same was done before.
 *
 * @throws HostwrightError PARAMETER_INVALID for a drop without `dropData: true`; TASK_FAILED where
 *   MariaDB does not answer
 * @example
 * mariadbDatabase({ name: 'acme2certifier' })
 */
export const mariadbDatabase = resourceType<MariadbDatabaseOptions>({
  name: 'mariadbDatabase',
  title: ({ name }) => name,
  reads: (wish) => [schema(wish)],
  plan,
})

const schema = ({ name }: MariadbDatabaseOptions) =>
  mariadb(
    `SELECT DEFAULT_CHARACTER_SET_NAME AS characterSet, DEFAULT_COLLATION_NAME AS collation
     FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${sqlText(name)}`,
  )

function plan(wish: MariadbDatabaseOptions, ask: Ask): Plan {
  const [now] = rowsOf(ask(schema(wish)), `database "${wish.name}"`)
  if (wish.state === 'absent') return now ? drop(wish) : nothing
  const characterSet = wish.characterSet ?? 'utf8mb4'
  const options = `CHARACTER SET ${sqlText(characterSet)}${wish.collation === undefined ? '' : ` COLLATE ${sqlText(wish.collation)}`}`
  if (!now)
    return change(
      wish,
      [{ property: 'state', from: 'absent', to: 'present' }],
      [`CREATE DATABASE IF NOT EXISTS ${sqlName(wish.name)} ${options}`],
    )
  const changes = [
    ...difference('characterSet', now['characterSet'], characterSet),
    ...(wish.collation === undefined
      ? []
      : difference('collation', now['collation'], wish.collation)),
  ]
  return changes.length === 0
    ? nothing
    : change(wish, changes, [`ALTER DATABASE ${sqlName(wish.name)} ${options}`])
}

const nothing: Plan = { changes: [], steps: [] }

function change(
  wish: MariadbDatabaseOptions,
  changes: readonly Change[],
  statements: readonly string[],
): Plan {
  return { changes, steps: [sqlStep(statements)], effects: staleMariadb(schema(wish)) }
}

function drop(wish: MariadbDatabaseOptions): Plan {
  if (wish.dropData !== true)
    throw new HostwrightError(
      'PARAMETER_INVALID',
      `Cannot drop database "${wish.name}": it holds data, and dropData is not true`,
      { hint: 'say dropData: true beside state: "absent" if its data is to be lost on every node' },
    )
  return change(
    wish,
    [{ property: 'state', from: 'present', to: 'absent' }],
    [`DROP DATABASE IF EXISTS ${sqlName(wish.name)}`],
  )
}

function difference(property: string, from: string | null | undefined, to: string): Change[] {
  return newName(from ?? '') === newName(to) ? [] : [{ property, from: from ?? '', to }]
}

/** Until 10.6 utf8mb3 is shown by its old name. */
function newName(name: string): string {
  return name.toLowerCase().replace(/^utf8(?=_|$)/, 'utf8mb3')
}
