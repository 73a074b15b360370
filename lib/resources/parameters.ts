import { posix } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { callerPlace } from '../core/place.js'

/** Refuses what a playbook or role asks for, before any host is touched. */
export function refuse(message: string, hint: string): never {
  throw new HostwrightError('PARAMETER_INVALID', message, { place: callerPlace(), hint })
}

/** One in which there is nothing to refuse and nothing to take out, as nearly all are. */
const plainPath = /^(?:\/(?!\.\.?(?:\/|$))[^/\0]+)+$/

/** Checks a path on a host and takes doubled and trailing slashes out of it. */
export function checkPath(path: unknown, what = 'path'): string {
  if (typeof path === 'string' && plainPath.test(path)) return path
  if (typeof path !== 'string' || !path.startsWith('/'))
    refuse(`Cannot use ${what} "${String(path)}": it is not absolute`, 'Start it with /')
  if (path.includes('\0')) refuse(`Cannot use ${what} "${path}": it holds a NUL`, 'Leave it out')
  if (path.split('/').includes('..'))
    refuse(`Cannot use ${what} "${path}": it goes through ".."`, 'Write the path without ..')
  // Two slashes at the beginning are special to POSIX, not to Linux.
  const short = posix.normalize(path).replace(/^\/+/, '/')
  return short.length > 1 && short.endsWith('/') ? short.slice(0, -1) : short
}

/** Checks a mode and gives it as four digits. */
export function checkMode(mode: unknown): string | undefined {
  if (mode === undefined) return undefined
  if (typeof mode === 'number')
    refuse(
      `Cannot use mode "${mode}": it is a number`,
      `Quote it, so that no reader takes it for a decimal number: '0644'`,
    )
  if (typeof mode !== 'string' || !/^[0-7]{3,4}$/.test(mode))
    refuse(
      `Cannot use mode "${String(mode)}": it is not three or four octal digits`,
      `For example '0644'`,
    )
  return mode.padStart(4, '0')
}

/** Checks the name of a user or group, or its number. */
export function checkAccount(name: unknown, what: string): string | undefined {
  if (name === undefined) return undefined
  if (typeof name !== 'string' || !/^[A-Za-z0-9_][A-Za-z0-9_.@-]*\$?$/.test(name))
    refuse(
      `Cannot use ${what} "${String(name)}": it is not a name`,
      'Use letters, digits, _ . @ and -, and start with none of the last three',
    )
  return name
}

/** Checks a text that becomes one line or a part of it. */
export function checkLine(text: unknown, what: string): string {
  if (typeof text !== 'string')
    refuse(`Cannot use ${what} "${String(text)}": it is not a text`, 'Give a text')
  if (/[\n\0]/.test(text))
    refuse(`Cannot use ${what} "${text}": it holds a line break or a NUL`, 'Give one line')
  return text
}

/** Checks that a value is one of a few words. */
export function checkWord<Word extends string>(
  value: Word | undefined,
  what: string,
  known: readonly Word[],
): Word | undefined {
  if (value !== undefined && !known.includes(value))
    refuse(`Cannot use ${what} "${String(value)}": it is not known`, `Use ${known.join(', ')}`)
  return value
}
