import { formatPlace } from '../../core/place.js'
import type { ErrorRecord } from '../events.js'
import type { PageError } from './types.js'

/** Lines of standard error that a page shows; what a command says last is mostly why it failed. */
const shownLines = 40

/**
 * An error as a page shows it.
 *
 * @param near the host that it is shown with, which needs no word of its own
 */
export function pageError(
  error: ErrorRecord | { readonly message: string },
  near?: string,
): PageError {
  if (!('code' in error)) return { message: error.message, details: [] }
  const { code, message, host, role, task, place, command, exitCode, stderr, hint, cause } = error
  const details = [
    ['host', host === near ? undefined : host],
    ['role', role],
    ['task', task],
    ['place', place && formatPlace(place)],
    ['command', command],
    ['exit status', exitCode?.toString()],
  ].filter((detail): detail is [string, string] => detail[1] !== undefined)
  return {
    code,
    message,
    details,
    ...(stderr !== undefined && stderr !== '' && { stderr: tail(stderr) }),
    ...(hint !== undefined && { hint }),
    ...(cause !== undefined && { cause: pageError(cause, near) }),
  }
}

function tail(text: string): string {
  const lines = text.trimEnd().split('\n')
  return lines.slice(-shownLines).join('\n')
}
