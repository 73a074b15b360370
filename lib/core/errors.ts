import type { Place } from './place.js'
import { redact } from './secret.js'

/**
 * Every stable error code, with the exit code that it gives a run.
 * 1: the input was wrong and no host was touched; 2: a task failed; 4: a host was unreachable.
 */
export const errorCodes = {
  USAGE_INVALID: 1,
  INVENTORY_INVALID: 1,
  VARIABLE_INVALID: 1,
  VAULT_INVALID: 1,
  TEMPLATE_INVALID: 1,
  PARAMETER_INVALID: 1,
  PLAYBOOK_INVALID: 1,
  LAB_UNAVAILABLE: 1,
  LAB_FAILED: 1,
  HOST_UNREACHABLE: 4,
  HOST_KEY_UNKNOWN: 1,
  HOST_KEY_CHANGED: 1,
  AUTHENTICATION_FAILED: 4,
  CONNECTION_LOST: 4,
  BECOME_FAILED: 2,
  HOST_LOCKED: 2,
  COMMAND_FAILED: 2,
  COMMAND_TIMEOUT: 2,
  TASK_FAILED: 2,
  VALIDATION_FAILED: 2,
  CHECK_FAILED: 2,
  FACT_CIRCLE: 2,
  FACT_PUBLISHER_FAILED: 2,
  FACT_NOT_PUBLISHED: 2,
  REPLICATION_DIVERGED: 2,
  REPLICATION_BROKEN: 2,
  UNSUPPORTED: 2,
  INTERRUPTED: 2,
  INTERNAL: 2,
} as const satisfies Record<string, 1 | 2 | 4>

export type ErrorCode = keyof typeof errorCodes

/** What an error knows besides its message; each field is left out where it does not apply. */
export interface ErrorDetails {
  readonly host?: string | undefined
  readonly role?: string | undefined
  readonly task?: string | undefined
  /** The line of the playbook, role, inventory or template that is concerned. */
  readonly place?: Place | undefined
  readonly command?: string | undefined
  readonly exitCode?: number | undefined
  readonly stderr?: string | undefined
  /** What to do next. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/**
 * The one error class of the library.
 *
 * The message follows the grammar *Cannot <action> <quoted value>: <what is the case>*, with no full
 * stop and no contractions. Secrets are taken out of every text when the error is made.
 *
 * @example
 * throw new HostwrightError('INVENTORY_INVALID', 'Cannot read group "web": it is not declared', { place })
 */
export class HostwrightError extends Error {
  override readonly name = 'HostwrightError'
  readonly code: ErrorCode
  readonly host: string | undefined
  readonly role: string | undefined
  readonly task: string | undefined
  readonly place: Place | undefined
  readonly command: string | undefined
  readonly exitCode: number | undefined
  readonly stderr: string | undefined
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(redact(message), details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.host = details.host
    this.role = details.role
    this.task = details.task
    this.place = details.place
    this.command = redactMaybe(details.command)
    this.exitCode = details.exitCode
    this.stderr = redactMaybe(details.stderr)
    this.hint = redactMaybe(details.hint)
  }

  /** The same error with details filled in that are not known yet; what is known stays. */
  with(details: ErrorDetails): HostwrightError {
    return new HostwrightError(this.code, this.message, {
      host: this.host ?? details.host,
      role: this.role ?? details.role,
      task: this.task ?? details.task,
      place: this.place ?? details.place,
      command: this.command ?? details.command,
      exitCode: this.exitCode ?? details.exitCode,
      stderr: this.stderr ?? details.stderr,
      hint: this.hint ?? details.hint,
      cause: this.cause ?? details.cause,
    })
  }
}

function redactMaybe(text: string | undefined): string | undefined {
  return text === undefined ? undefined : redact(text)
}
