import { HostwrightError } from '../../core/errors.js'
import type { MariadbAnswer } from '../probes/mariadb.js'
import type { Row } from './result-sets.js'

/**
 * The rows of an answer.
 *
 * @param about what the question is about, for the error: `database "acme"`
 * @param empty numbers of errors that mean that there are no rows
 * @throws HostwrightError TASK_FAILED where the server did not answer
 */
export function rowsOf(
  answer: MariadbAnswer,
  about: string,
  empty: readonly number[] = [],
): readonly Row[] {
  if (answer.state === 'absent')
    throw new HostwrightError('TASK_FAILED', `Cannot read ${about}: MariaDB is not installed`, {
      hint: 'install it first, for example with packages({ names: ["mariadb-server"] })',
    })
  if (answer.state === 'stopped')
    throw new HostwrightError(
      'TASK_FAILED',
      `Cannot read ${about}: MariaDB is not running: ${answer.message}`,
      {
        hint: 'start it first, for example with service({ name: "mariadb", state: "started" }), and see its log: journalctl -u mariadb',
      },
    )
  if (answer.state === 'refused')
    throw new HostwrightError(
      'TASK_FAILED',
      `Cannot read ${about}: MariaDB refuses to log in: ${answer.message}`,
      {
        hint: 'run as root, whom MariaDB knows by unix_socket, or give root an option file ~/.my.cnf',
      },
    )
  if (answer.error && !empty.includes(answer.error.code))
    throw new HostwrightError(
      'TASK_FAILED',
      `Cannot read ${about}: ${answer.error.message} (error ${answer.error.code})`,
    )
  return answer.rows
}
