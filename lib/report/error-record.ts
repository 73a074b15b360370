import { inspect } from 'node:util'
import { HostwrightError } from '../core/errors.js'
import { stackPlace } from '../core/place.js'
import { redactDeep } from '../core/secret.js'
import type { ErrorRecord } from './events.js'

/** Causes of causes; one that leads back to itself must end. */
const deepest = 5

/**
 * An error as data. One that is not a {@link HostwrightError} gets the code INTERNAL, and as its
 * place the first line of its stack that is not the library's: the playbook or role that threw it.
 *
 * @example
 * errorRecord(new HostwrightError('COMMAND_FAILED', 'Cannot run "false": exit status 1')).code // 'COMMAND_FAILED'
 */
export function errorRecord(error: unknown): ErrorRecord {
  return redactDeep(describe(error, deepest))
}

function describe(error: unknown, depth: number): ErrorRecord {
  if (error instanceof HostwrightError)
    return known({
      code: error.code,
      message: error.message,
      host: error.host,
      role: error.role,
      task: error.task,
      place: error.place,
      command: error.command,
      exitCode: error.exitCode,
      stderr: error.stderr,
      hint: error.hint,
      cause: describeCause(error.cause, depth),
    })
  if (!(error instanceof Error))
    return { code: 'INTERNAL', message: typeof error === 'string' ? error : inspect(error) }
  // What zx throws for a command on the controller tells these as well.
  const { exitCode, stderr } = error as { exitCode?: unknown; stderr?: unknown }
  return known({
    code: 'INTERNAL',
    message: error.message === '' ? error.name : error.message,
    place: stackPlace(error.stack ?? ''),
    exitCode: typeof exitCode === 'number' ? exitCode : undefined,
    stderr: typeof stderr === 'string' && stderr !== '' ? stderr : undefined,
    cause: describeCause(error instanceof AggregateError ? error.errors[0] : error.cause, depth),
  })
}

function describeCause(cause: unknown, depth: number): ErrorRecord['cause'] {
  if (cause === undefined || cause === null || depth === 0) return undefined
  if (cause instanceof HostwrightError) return describe(cause, depth - 1)
  return { message: describe(cause, 0).message }
}

type Loose<T> = { readonly [Key in keyof T]: T[Key] | undefined }

/** Without the fields that do not apply. */
function known(
  record: Loose<Required<ErrorRecord>> & Pick<ErrorRecord, 'code' | 'message'>,
): ErrorRecord
function known(record: Loose<ErrorRecord>): ErrorRecord
function known(record: object): ErrorRecord {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== undefined),
  ) as unknown as ErrorRecord
}
