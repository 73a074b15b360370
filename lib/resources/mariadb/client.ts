import type { Step } from '../types.js'

/** Sets `client` to the command line client: older releases call it mysql. */
export const clientLookup = 'client=$(command -v mariadb || command -v mysql)'

/** Literals of {@link sqlText} need backslash escapes; a GRANT must never make an account. */
export const sessionSetup =
  "SET SESSION sql_mode='STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER', SESSION lock_wait_timeout=60;"

/** Statements for MariaDB, run in order up to the first that fails. They travel on standard input. */
export function sqlStep(
  statements: readonly string[],
  more: Omit<Step, 'script' | 'input'> = {},
): Step {
  return {
    script: `${clientLookup} && exec "$client" --batch --default-character-set=utf8mb4`,
    input: Buffer.from([sessionSetup, ...statements.map((sql) => `${sql};`), ''].join('\n')),
    ...more,
  }
}
