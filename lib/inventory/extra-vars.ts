import { resolve } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { pythonEscapes } from './python-escapes.js'
import { readYaml } from './read-yaml.js'
import { parseReference, Reference } from './reference.js'
import { refuseJinja } from './refine-value.js'
import { sourceReader, type SourceReader } from './source-reader.js'
import type { Variable } from './tree.js'
import type { Vars } from './types.js'
import { readVarsFile } from './vars-files.js'
import { readVars } from './yaml-inventory.js'

const commandLine = { file: '--extra-vars' }
const origins = new WeakMap<Vars, ReadonlyMap<string, Variable>>()

/**
 * Reads the values of -e as Ansible does: `name=value` pairs, whose values are strings; a mapping in
 * JSON or YAML that starts with a brace; or `@` and a YAML or JSON file, which can be a vault. The
 * last of several wins.
 *
 * @example
 * await parseExtraVars(['mode=fast note="two words"', '{"count": 3}'])
 * // { mode: 'fast', note: 'two words', count: 3 }
 * @see ansible-core 2.14, utils/vars.py and parsing/splitter.py
 * @throws HostwrightError USAGE_INVALID, VARIABLE_INVALID, VAULT_INVALID
 */
export async function parseExtraVars(
  values: readonly string[],
  options: { readonly vaultPassword?: (() => Promise<string>) | undefined } = {},
): Promise<Vars> {
  const reader = sourceReader(options.vaultPassword)
  const merged = new Map<string, Variable>()
  for (const value of values)
    for (const [name, variable] of await readExtraVars(value.trim(), reader))
      merged.set(name, variable)
  const vars: Vars = Object.freeze(
    Object.fromEntries([...merged].map(([name, { value }]) => [name, value])),
  )
  origins.set(vars, merged)
  return vars
}

/** Where the variables that {@link parseExtraVars} gave are written. */
export function originsOf(extraVars: Vars): ReadonlyMap<string, Variable> {
  return origins.get(extraVars) ?? new Map()
}

async function readExtraVars(
  text: string,
  reader: SourceReader,
): Promise<Iterable<readonly [string, Variable]>> {
  if (text.startsWith('@')) return await readVarsFile(resolve(text.slice(1)), reader)
  if (/^[/.]/.test(text))
    throw invalid(text, 'it looks like a file', `Put an @ in front of it: -e @${text}`)
  if (text.startsWith('{')) return await readInline(text)
  if (text.startsWith('[')) throw invalid(text, 'it is a list, not a mapping')
  return splitPairs(text).map(readPair)
}

async function readInline(text: string): Promise<[string, Variable][]> {
  const source = { file: commandLine.file, text, vaulted: false, password: refuseVault }
  const document = await readYaml(source, 'VARIABLE_INVALID', 'read variables')
  return readVars(document, [], document.value as Vars)
}

function readPair(pair: string, at: number): [string, Variable] {
  const text = decodeEscapes(pair)
  const equals = /(?<!\\)=/.exec(text.slice(1))?.index
  if (equals === undefined)
    throw invalid(
      // After another it may be the rest of a value.
      at === 0 ? pair : '***',
      `${at === 0 ? 'it' : `word ${at + 1}`} is not of the form name=value`,
      'Put values with spaces into quotes',
    )
  const name = text.slice(0, equals + 1).trim()
  const value = unquote(text.slice(equals + 2).trim())
  const reference = parseReference(value)
  if (reference !== undefined)
    return [name, { value: new Reference(value, reference), place: () => commandLine }]
  refuseJinja(value, name, commandLine)
  return [name, { value, place: () => commandLine }]
}

/** Splits at spaces and line breaks outside quotes and braces of Jinja; the quotes stay. */
function splitPairs(text: string): string[] {
  const pairs: string[] = []
  let pair = ''
  let quote: string | undefined
  let before = ' '
  for (const character of text) {
    if (/['"]/.test(character) && before !== '\\') {
      if (quote === undefined) quote = character
      else if (quote === character) quote = undefined
    }
    const inBraces = pair.lastIndexOf('{{') > pair.lastIndexOf('}}')
    if (quote === undefined && !inBraces && /[ \n]/.test(character)) {
      pairs.push(pair)
      pair = ''
    } else pair += character
    before = character
  }
  if (quote !== undefined) throw invalid(text, 'a quotation is not closed')
  return [...pairs, pair].filter((part) => part.trim() !== '')
}

/** Takes off the quotes of a value that is quoted as a whole. */
function unquote(text: string): string {
  return /^(['"]).*\1$/s.test(text) && text.length > 1 && text.at(-2) !== '\\'
    ? text.slice(1, -1)
    : text
}

function decodeEscapes(text: string): string {
  return text.replaceAll(
    /\\(?:U([\da-fA-F]{8})|u([\da-fA-F]{4})|x([\da-fA-F]{2})|([\\'"abfnrtv]))/g,
    (_, ...found: (string | undefined)[]) => {
      const code = found[0] ?? found[1] ?? found[2]
      return code === undefined
        ? (pythonEscapes[found[3] ?? ''] ?? '')
        : String.fromCodePoint(parseInt(code, 16))
    },
  )
}

/** A value may be a password. */
function invalid(text: string, reason: string, hint?: string): HostwrightError {
  const shown = text.replace(/=.*/s, '=***')
  return new HostwrightError('USAGE_INVALID', `Cannot read extra variables "${shown}": ${reason}`, {
    hint,
  })
}

function refuseVault(): Promise<never> {
  return Promise.reject(
    new HostwrightError(
      'VAULT_INVALID',
      'Cannot decrypt a value of "-e": a vault is read from files only',
      {
        hint: 'Put it into a file and give -e @FILE',
      },
    ),
  )
}
