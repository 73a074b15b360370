import { stripVTControlCharacters } from 'node:util'

/** Control characters but tab and line feed, and those that turn the direction of writing. */
const steering = /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

/** Takes out all that a terminal would obey: what a host prints must not move the cursor. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replace(steering, '')
}

/** A text on one line, at most `width` characters, with `…` where it was cut. */
export function shorten(text: string, width: number): string {
  const flat = plainText(text).replaceAll('\n', '\\n').replaceAll('\t', ' ')
  if (flat.length <= width) return flat
  const characters = [...flat]
  if (characters.length <= width) return flat
  return width < 1 ? '' : `${characters.slice(0, width - 1).join('')}…`
}

/**
 * The last line that a command has printed; of a progress line that writes over itself, the newest
 * state.
 */
export function lastLine(text: string): string {
  const line = text.trimEnd().split('\n').at(-1) ?? ''
  return plainText(line.trimEnd().split('\r').at(-1) ?? '').trim()
}

/**
 * Milliseconds as people say them.
 *
 * @example
 * elapsed(1234) // '1.2 s'
 * elapsed(83_000) // '1 min 23 s'
 */
export function elapsed(milliseconds: number): string {
  if (milliseconds < 9_950) return `${(milliseconds / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
