import { HostwrightError } from '../core/errors.js'
import { quote } from '../core/quote.js'
import { resourceType } from './define.js'
import { rowsOf } from './mariadb/rows.js'
import { sqlText } from './mariadb/sql.js'
import { mariadb, staleServer } from './probes/mariadb.js'
import type { Ask, Plan } from './types.js'

export interface MariadbVariablesOptions {
  /** What the running server must use: variable to value, as in its option files. */
  readonly values: Readonly<Record<string, string | number | boolean>>
  /** The unit that is restarted where they differ. @default 'mariadb' */
  readonly unit?: string
}

/**
 * Variables of the running server, which it reads from its option files when it starts. Where one
 * differs, the server is restarted; so a restart is still made when the run that wrote the file was
 * killed before it, and a `SET GLOBAL` by hand shows as a change.
 *
 * @throws HostwrightError PARAMETER_INVALID for a variable that the server does not have; TASK_FAILED
 *   where a value still differs after a restart: another file sets it, or the server rounds it
 * @see https://mariadb.com/kb/en/server-system-variables/
 * @example
 * mariadbVariables({ values: { server_id: 1, log_slave_updates: true } })
 */
export const mariadbVariables = resourceType<MariadbVariablesOptions>({
  name: 'mariadbVariables',
  title: ({ unit = 'mariadb' }) => unit,
  reads: (wish) => [running(wish)],
  plan,
  output: (wish, ask) => {
    for (const { property, from, to } of differences(wish, ask))
      throw new HostwrightError(
        'TASK_FAILED',
        `Cannot set variable "${property}": it is "${from}" after a restart, not "${to}"`,
        {
          hint: 'another option file may set it later, or the server rounds it: then write the value that it uses',
        },
      )
  },
})

const running = ({ values }: MariadbVariablesOptions) =>
  mariadb(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${Object.keys(values).map(sqlText).join(', ')})`,
  )

function plan(wish: MariadbVariablesOptions, ask: Ask): Plan {
  const changes = differences(wish, ask)
  if (changes.length === 0) return { changes, steps: [] }
  return {
    changes,
    steps: [{ script: `systemctl restart -- ${quote(wish.unit ?? 'mariadb')}` }],
    effects: {
      stale: (query) => staleServer(query) || /^(?:unitState|tcp)$/.test(query.kind.name),
    },
  }
}

function differences(wish: MariadbVariablesOptions, ask: Ask) {
  const rows = rowsOf(ask(running(wish)), 'variables')
  const now = new Map(rows.map((row) => [row['Variable_name'], row['Value'] ?? '']))
  return Object.entries(wish.values).flatMap(([property, value]) => {
    const from = now.get(property)
    if (from === undefined)
      throw new HostwrightError(
        'PARAMETER_INVALID',
        `Cannot set variable "${property}": the server has no such variable`,
        {
          hint: 'SHOW GLOBAL VARIABLES lists them; options that are no variables belong in an option file of your own',
        },
      )
    return same(from, value) ? [] : [{ property, from, to: shown(value) }]
  })
}

function shown(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? 'ON' : 'OFF') : String(value)
}

/** Option files say `yes`, `1`, `16M` and leave out a folder's last slash where the server says ON, 16777216 and has it. */
function same(now: string, wished: string | number | boolean): boolean {
  const text = String(wished)
  if (/^(on|off)$/i.test(now) && /^(on|off|true|false|yes|no|0|1)$/i.test(text))
    return /^on$/i.test(now) === /^(on|true|yes|1)$/i.test(text)
  const size = /^(\d+)([kmgt])$/i.exec(text)
  if (size && /^\d+$/.test(now))
    return (
      BigInt(now) ===
      BigInt(size[1] ?? 0) << BigInt(10 * ('kmgt'.indexOf((size[2] ?? '').toLowerCase()) + 1))
    )
  if (/^-?\d+(\.\d+)?$/.test(now) && /^-?\d+(\.\d+)?$/.test(text))
    return Number(now) === Number(text)
  return now === text || now === `${text}/` || now.toLowerCase() === text.toLowerCase()
}
