import { inspect } from 'node:util'
import { isatty } from 'node:tty'

export type Colour = 'green' | 'yellow' | 'red' | 'cyan' | 'magenta' | 'gray' | 'bold'

/** Puts a colour around a text, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string

export function paint(wanted: boolean): Paint {
  if (!wanted) return (_, text) => text
  return (colour, text) => {
    const [on, off] = inspect.colors[colour] ?? [0, 0]
    return `\u001b[${on}m${text}\u001b[${off}m`
  }
}

/**
 * Whether a stream can be drawn on: a terminal that knows how to move its cursor.
 *
 * @param env where `TERM` is looked up
 */
export function isTerminal(
  stream: NodeJS.WritableStream,
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  const { fd } = stream as { fd?: unknown }
  return typeof fd === 'number' && isatty(fd) && env['TERM'] !== 'dumb'
}

/**
 * Whether colours are wanted: FORCE_COLOR decides first, then NO_COLOR, then whether it is a
 * terminal, as in Node itself.
 *
 * @see https://no-color.org
 */
export function wantsColour(
  tty: boolean,
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  const force = env['FORCE_COLOR']
  if (force !== undefined) return force !== '0' && force !== 'false'
  const none = env['NO_COLOR']
  return tty && (none === undefined || none === '')
}
