import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ErrorCode } from '../core/errors.js'
import { formatPlace } from '../core/place.js'
import type { ErrorRecord } from './events.js'
import { plainText } from './text.js'

/** Lines of standard error that are shown; what a command says last is mostly why it failed. */
const shownLines = 10

/**
 * An error for people: the message, then each thing that is known on a line of its own, at last the
 * hint and where the code is explained. Nothing in it can steer a terminal. No line feed at the end.
 *
 * @example
 * formatError(errorRecord(error)).split('\n').slice(0, 3)
 * // ['Cannot run "apt-get": exit status 100', '  code: COMMAND_FAILED', '  host: c1']
 */
export function formatError(record: ErrorRecord): string {
  const see = line('see', errorEntry(record.code))
  return plainText([record.message, ...details(record), ...see].join('\n'))
}

/** Where the page that comes with the package tells of a code; it has a heading for each. */
function errorEntry(code: ErrorCode): string | undefined {
  try {
    // By the package's name, because the compiled file lies one folder deeper.
    const own = dirname(createRequire(import.meta.url).resolve('hostwright/package.json'))
    return `${formatPlace({ file: join(own, 'docs/errors.md') })}#${code.toLowerCase()}`
  } catch {
    // Not to be found in a program that has been bundled.
    return undefined
  }
}

function details(record: ErrorRecord): readonly string[] {
  const { role, task, place, cause } = record
  const work = [role, task].filter((part) => part !== undefined).join(': ')
  return [
    ...line('code', record.code),
    ...line('host', record.host),
    ...line(task === undefined ? 'role' : 'task', work === '' ? undefined : work),
    ...line('place', place === undefined ? undefined : formatPlace(place)),
    ...line('command', record.command),
    ...line('exit status', record.exitCode),
    ...tail(record.stderr),
    ...(cause === undefined ? [] : causeLines(cause, record.message)),
    ...line('hint', record.hint),
  ]
}

function line(name: string, value: string | number | undefined): readonly string[] {
  return value === undefined || value === ''
    ? []
    : [`  ${name}: ${indentAfterFirst(String(value))}`]
}

function indentAfterFirst(text: string): string {
  return text.trimEnd().replaceAll('\n', '\n    ')
}

function tail(stderr: string | undefined): readonly string[] {
  const lines = (stderr ?? '').trimEnd().split('\n')
  if (lines.length === 1) return line('stderr', lines[0])
  const left = lines.length - shownLines
  const name = left > 0 ? `stderr (the last ${shownLines} of ${lines.length} lines)` : 'stderr'
  return [`  ${name}:`, ...lines.slice(-shownLines).map((text) => `    ${text}`)]
}

/** A cause shows what it adds: the code is enough to look it up, its own hint comes with it. */
function causeLines(cause: NonNullable<ErrorRecord['cause']>, message: string): readonly string[] {
  const inner = 'code' in cause ? details(cause) : []
  if (inner.length === 0 && message.endsWith(cause.message)) return []
  return [`  cause: ${indentAfterFirst(cause.message)}`, ...inner.map((text) => `  ${text}`)]
}
