/**
 * Quotes one word for a POSIX shell. The result is always inside single quotes, in which a shell
 * changes nothing; an empty text gives `''`.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html#tag_18_02_02
 * @example
 * quote("it's") // `'it'\\''s'`
 * @throws RangeError for a text with a NUL, which no argument can hold
 */
export function quote(text: string): string {
  if (text.includes('\0')) throw new RangeError('Cannot quote a text for a shell: it holds a NUL')
  return `'${text.replaceAll("'", `'\\''`)}'`
}
