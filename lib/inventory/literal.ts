import { pythonEscapes } from './python-escapes.js'

/**
 * Reads a Python literal, as Ansible reads the values of INI inventories: numbers, `True`, `False`,
 * `None`, strings, lists, tuples and dictionaries.
 *
 * @returns undefined for a text that is no literal, or one that has no counterpart here (sets,
 *   complex numbers, integers that a JavaScript number does not hold); Ansible's users see such a
 *   value as it was written
 * @see https://docs.python.org/3/library/ast.html#ast.literal_eval
 * @example
 * parseLiteral("{'a': 0x10}") // { value: { a: 16 } }
 * parseLiteral('True') // { value: true }
 * parseLiteral('true') // undefined
 */
export function parseLiteral(text: string): { readonly value: unknown } | undefined {
  const reader: Reader = { text, position: 0, depth: 0 }
  try {
    const value = readTop(reader)
    return reader.position === text.length ? { value } : undefined
  } catch (error) {
    if (error instanceof NoLiteral) return undefined
    throw error
  }
}

interface Reader {
  readonly text: string
  position: number
  /** Open brackets: inside them a line break is a space. */
  depth: number
}

class NoLiteral extends Error {}

const floatPattern =
  /(?:\d(?:_?\d)*\.(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?|\d(?:_?\d)*[eE][+-]?\d(?:_?\d)*/y
const integerPattern =
  /0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?0)*|[1-9](?:_?\d)*/y

/** Without brackets, commas make a tuple: `80,443`. */
function readTop(reader: Reader): unknown {
  skipSpace(reader)
  const first = readValue(reader)
  if (!accept(reader, ',')) return first
  return [first, ...readItems(reader, () => readValue(reader), '')]
}

function readValue(reader: Reader): unknown {
  const { text, position } = reader
  const character = text[position] ?? ''
  if (character === '[') return readBracketed(reader, ']', () => readValue(reader)).items
  if (character === '(') {
    const { items, comma } = readBracketed(reader, ')', () => readValue(reader))
    return items.length === 1 && !comma ? items[0] : items
  }
  if (character === '{')
    return Object.fromEntries(readBracketed(reader, '}', () => readPair(reader)).items)
  if (/['"uUrRbB]/.test(character)) return readStrings(reader)
  const word = match(reader, /(?:None|True|False)\b/y)
  if (word !== undefined) return finish(reader, word === 'None' ? null : word === 'True')
  return readNumber(reader)
}

function readBracketed<T>(reader: Reader, close: string, readItem: () => T) {
  reader.position++
  reader.depth++
  skipSpace(reader)
  const items = readItems(reader, readItem, close)
  const comma = /,\s*$/.test(reader.text.slice(0, reader.position))
  if (reader.text[reader.position] !== close) throw new NoLiteral()
  reader.position++
  reader.depth--
  return finish(reader, { items, comma })
}

function readItems<T>(reader: Reader, readItem: () => T, close: string): T[] {
  const items: T[] = []
  while (reader.position < reader.text.length && reader.text[reader.position] !== close) {
    items.push(readItem())
    if (!accept(reader, ',')) break
  }
  return items
}

function readPair(reader: Reader): [string, unknown] {
  const key = readValue(reader)
  if (!accept(reader, ':') || (key !== null && typeof key === 'object')) throw new NoLiteral()
  return [String(key), readValue(reader)]
}

function readNumber(reader: Reader): number {
  const sign = match(reader, /[+-][ \t]*/y)?.startsWith('-') === true ? -1 : 1
  const digits = match(reader, floatPattern) ?? match(reader, integerPattern)
  if (digits === undefined || /[\w.]/.test(reader.text[reader.position] ?? ''))
    throw new NoLiteral()
  const value = Number(digits.replaceAll('_', ''))
  if (!/[.eE]/.test(digits.replace(/^0[xX].*/, '')) && !Number.isSafeInteger(value))
    throw new NoLiteral()
  return finish(reader, value === 0 ? 0 : sign * value)
}

/** Strings that stand side by side are one. Bytes become text, but do not stand beside strings. */
function readStrings(reader: Reader): string {
  const parts: { readonly text: string; readonly bytes: boolean }[] = []
  for (;;) {
    const opening = match(reader, /(?:[uU]|[rR][bB]?|[bB][rR]?)?(?:'''|"""|'|")/y)
    if (opening === undefined) break
    const quote = opening.replace(/^[a-z]+/i, '')
    const text = readString(reader, quote, /^b?r/i.test(opening))
    parts.push({ text, bytes: /^r?b/i.test(opening) })
    skipSpace(reader)
  }
  const bytes = parts[0]?.bytes
  if (bytes === undefined || parts.some((part) => part.bytes !== bytes)) throw new NoLiteral()
  return parts.map((part) => part.text).join('')
}

function readString(reader: Reader, close: string, raw: boolean): string {
  let value = ''
  while (!reader.text.startsWith(close, reader.position)) {
    const character = reader.text[reader.position++]
    if (character === undefined || (character === '\n' && close.length === 1)) throw new NoLiteral()
    value +=
      character !== '\\'
        ? character
        : raw
          ? character + (reader.text[reader.position++] ?? '')
          : readEscape(reader)
  }
  reader.position += close.length
  return value
}

function readEscape(reader: Reader): string {
  const code = match(reader, /x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}/y)
  if (code !== undefined) return codePoint(parseInt(code.slice(1), 16))
  const octal = match(reader, /[0-7]{1,3}/y)
  if (octal !== undefined) return codePoint(parseInt(octal, 8))
  const character = reader.text[reader.position++]
  if (character === undefined || /[xuUN]/.test(character)) throw new NoLiteral()
  if (character === '\n') return ''
  return pythonEscapes[character] ?? `\\${character}`
}

function codePoint(code: number): string {
  if (code > 0x10ffff) throw new NoLiteral()
  return String.fromCodePoint(code)
}

function accept(reader: Reader, character: string): boolean {
  if (reader.text[reader.position] !== character) return false
  reader.position++
  skipSpace(reader)
  return true
}

function finish<T>(reader: Reader, value: T): T {
  skipSpace(reader)
  return value
}

/** Spaces and comments: `8080  # the port` is a number. */
function skipSpace(reader: Reader): void {
  match(reader, reader.depth > 0 ? /(?:\s|#.*)*/y : /[ \t\f]*(?:#.*)?/y)
}

function match(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.position
  const found = pattern.exec(reader.text)?.[0]
  if (found !== undefined) reader.position += found.length
  return found
}
