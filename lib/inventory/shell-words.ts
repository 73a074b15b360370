const space = /[ \t\r\n]/

/**
 * Splits a line into words as Python's `shlex.split(line, comments=True)` does, with which Ansible
 * reads the host lines of INI inventories. A `#` starts a comment even inside a word.
 *
 * @example
 * splitWords(`web1 note="two words" # old`) // ['web1', 'note=two words']
 * @throws SyntaxError for a quotation that is not closed, or a backslash at the end
 */
export function splitWords(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  for (let position = 0; position < line.length; position++) {
    const character = line[position] ?? ''
    if (character === '#') break
    if (space.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (character === '\\') {
      position++
      if (position >= line.length) throw new SyntaxError('a backslash stands at the end')
      word = (word ?? '') + (line[position] ?? '')
    } else if (character === "'" || character === '"') {
      const quoted = readQuoted(line, position + 1, character)
      word = (word ?? '') + quoted.text
      position = quoted.end
    } else word = (word ?? '') + character
  }
  return word === undefined ? words : [...words, word]
}

/** Inside double quotes a backslash protects only a double quote and itself. */
function readQuoted(
  line: string,
  start: number,
  quote: string,
): { readonly text: string; readonly end: number } {
  let text = ''
  for (let end = start; end < line.length; end++) {
    const character = line[end] ?? ''
    if (character === quote) return { text, end }
    const next = line[end + 1] ?? ''
    if (character === '\\' && quote === '"' && (next === '"' || next === '\\')) {
      text += next
      end++
    } else text += character
  }
  throw new SyntaxError('a quotation is not closed')
}
