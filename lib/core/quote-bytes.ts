import { quote } from './quote.js'

/**
 * Quotes one word of any bytes for a POSIX shell, such as a file name that is not UTF-8. What is UTF-8
 * is quoted as text; for the rest the shell runs its printf.
 *
 * @see {@link quote}
 * @example
 * quoteBytes(Buffer.from([0x66, 0xfc])) // `"$(printf 'f\\374')"`
 * @throws RangeError for a NUL, which no argument can hold
 */
export function quoteBytes(bytes: Uint8Array): string {
  try {
    return quote(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
  if (bytes.includes(0)) throw new RangeError('Cannot quote bytes for a shell: they hold a NUL')
  // A command substitution takes newlines off its end, so they stand behind it.
  const length = bytes.findLastIndex((byte) => byte !== newline) + 1
  const format = [...bytes.subarray(0, length)].map(printfForm).join('')
  const rest = '\n'.repeat(bytes.length - length)
  return `"$(printf '${format}')"${rest && quote(rest)}`
}

const newline = 10

function printfForm(byte: number): string {
  const character = String.fromCharCode(byte)
  return /[\w./:,+-]/.test(character) ? character : `\\${byte.toString(8).padStart(3, '0')}`
}
