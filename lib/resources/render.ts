import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type handlebars from 'handlebars'
import { HostwrightError } from '../core/errors.js'
import { Secret } from '../core/secret.js'

/** Loaded on first use, which saves runs without templates its start. */
const load = createRequire(import.meta.url)

let engine: typeof handlebars | undefined

const helpers: Readonly<Record<string, (...args: never[]) => unknown>> = {
  eq: (one: unknown, other: unknown) => one === other,
  join: (list: readonly unknown[], between: unknown) =>
    list.join(typeof between === 'string' ? between : ', '),
  json: (value: unknown) => JSON.stringify(value),
}

const knownHelpers: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(Object.keys(helpers).map((name) => [name, true])),
  log: false,
}

/** A template with its variables put in. */
export interface Rendered {
  readonly text: string
  /** Whether any of the variables is a secret. */
  readonly sensitive: boolean
}

/**
 * Renders a Handlebars template strictly: a variable or helper that is not there, and an object
 * where a text belongs, are errors. Nothing is escaped. Besides Handlebars' own (`if`, `unless`,
 * `each`, `with`, `lookup`) the helpers are `eq A B`, `join LIST [SEPARATOR]` and `json VALUE`.
 *
 * @throws HostwrightError TEMPLATE_INVALID with the template's line
 */
export function render(path: string, vars: Readonly<Record<string, unknown>>): Rendered {
  const handlebars = (engine ??= start())
  const found = { sensitive: false }
  const data = plain(vars, '', found)
  let text: string
  try {
    const template = handlebars.compile(readFileSync(path, 'utf8'), {
      strict: true,
      noEscape: true,
      knownHelpersOnly: true,
      knownHelpers: knownHelpers as KnownHelpers,
    })
    text = template(data)
  } catch (error) {
    throw explain(path, error)
  }
  const misused = objectMark.exec(text)
  if (misused)
    throw new HostwrightError(
      'TEMPLATE_INVALID',
      `Cannot render "${misused[1]}": it is an object`,
      {
        place: { file: path, line: text.slice(0, misused.index).split('\n').length },
        hint: 'Name one of its values, or use {{json …}}',
      },
    )
  return { text, sensitive: found.sensitive }
}

type KnownHelpers = NonNullable<CompileOptions['knownHelpers']>

function start(): typeof handlebars {
  const own = (load('handlebars') as typeof handlebars).create()
  for (const [name, helper] of Object.entries(helpers)) own.registerHelper(name, helper as never)
  return own
}

/** What stands in the text where an object was to be printed; no file holds such bytes. */
const objectMark = /\0object (.*?)\0/

/** The variables with secrets revealed; what is undefined counts as not there. */
function plain(value: unknown, path: string, found: { sensitive: boolean }): unknown {
  if (value instanceof Secret) {
    found.sensitive = true
    return plain(value.reveal(), path, found)
  }
  if (Array.isArray(value))
    return value.map((item: unknown, index) => plain(item, `${path}.${index}`, found))
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  const copy: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value))
    if (item !== undefined) copy[key] = plain(item, path === '' ? key : `${path}.${key}`, found)
  return Object.defineProperty(copy, 'toString', { value: () => `\0object ${path}\0` })
}

function explain(path: string, error: unknown): HostwrightError {
  const message = error instanceof Error ? error.message : String(error)
  const at = / - (\d+):(\d+)$/.exec(message)
  const parse = /^(?:Parse|Lexical) error on line (\d+)/.exec(message)
  const line = Number(at?.[1] ?? parse?.[1])
  const place = { file: path, ...(Number.isInteger(line) && { line }) }
  const missing = /^"(.*?)" not defined in /s.exec(message)?.[1]
  const helper =
    /unknown helper (\S+)/.exec(message)?.[1] ?? /^Missing helper: "(.*)"$/.exec(message)?.[1]
  if (missing !== undefined)
    return new HostwrightError(
      'TEMPLATE_INVALID',
      `Cannot render variable "${missing}": it is not defined`,
      {
        place,
        hint: `Give "${missing}" in vars`,
      },
    )
  if (helper !== undefined)
    return new HostwrightError(
      'TEMPLATE_INVALID',
      `Cannot render helper "${helper}": there is none of that name`,
      {
        place,
        hint: `The helpers are if, unless, each, with, lookup, ${Object.keys(helpers).join(', ')}`,
      },
    )
  const reason =
    parse === null ? message.replace(/ - \d+:\d+$/, '') : (message.split('\n').at(-1) ?? message)
  return new HostwrightError('TEMPLATE_INVALID', `Cannot render template "${path}": ${reason}`, {
    place,
  })
}
