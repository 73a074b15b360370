import { createRequire } from 'node:module'
import type handlebars from 'handlebars'
import { cachedFile } from '../core/cached-file.js'
import { HostwrightError } from '../core/errors.js'
import { Secret } from '../core/secret.js'

type Engine = typeof handlebars
type Program = ReturnType<Engine['parse']>

/** Loaded on first use, which saves runs without templates its start. */
const load = createRequire(import.meta.url)

let engine: { readonly own: Engine; readonly Visitor: Engine['Visitor'] } | undefined

const helpers = {
  eq: (one: unknown, other: unknown) => one === other,
  join: (list: readonly unknown[], between: unknown) =>
    list.join(typeof between === 'string' ? between : ', '),
  json: (value: unknown) => JSON.stringify(value),
}

/** Prints nothing, see {@link asText}. */
const nothing = 'hostwright-nothing'

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
  const found = { sensitive: false }
  const data = strict(vars, '', found)
  let parsed: Template | undefined
  try {
    parsed = templateOf(path)
    const text = parsed.print(data)
    const misused = objectMark.exec(text)?.[1]
    if (misused !== undefined) throw new Misused(misused)
    return { text, sensitive: found.sensitive }
  } catch (error) {
    throw explain(path, error, (name) => parsed && lineOf(engine!.Visitor, parsed.program, name))
  }
}

interface Template {
  readonly program: Program
  readonly print: (data: unknown) => string
}

const templateOf = cachedFile((bytes): Template => {
  const { own, Visitor } = (engine ??= start())
  const program = own.parse(bytes.toString())
  const print = own.compile(asText(Visitor, own.parse, program), {
    strict: true,
    noEscape: true,
    knownHelpersOnly: true,
    knownHelpers: known() as NonNullable<CompileOptions['knownHelpers']>,
  })
  return { program, print }
})

function known(): Record<string, boolean> {
  const own = [...Object.keys(helpers), nothing].map((name) => [name, true])
  return { ...Object.fromEntries(own), log: false }
}

function start(): NonNullable<typeof engine> {
  // The same in one file instead of fifty.
  const shared = load('handlebars/dist/handlebars.min.js') as Engine
  // Of its own, so that helpers of others are not seen.
  const own = shared.create()
  for (const [name, helper] of Object.entries(helpers)) own.registerHelper(name, helper as never)
  own.registerHelper(nothing, () => '')
  return { own, Visitor: shared.Visitor }
}

/**
 * Begins every part of a template with an empty text: unescaped, Handlebars would add up two numbers
 * that stand side by side.
 */
function asText(Visitor: Engine['Visitor'], parse: Engine['parse'], program: Program): Program {
  class Texts extends Visitor {
    override Program(part: Program): void {
      super.Program(part)
      part.body.unshift(...parse(`{{${nothing}}}`).body)
    }
  }
  new Texts().accept(program)
  return program
}

/** The line where a name is first used. */
function lineOf(Visitor: Engine['Visitor'], program: Program, name: string): number | undefined {
  const lines: number[] = []
  class Names extends Visitor {
    override PathExpression(path: hbs.AST.PathExpression): void {
      if (path.parts.at(-1) === name) lines.push(path.loc.start.line)
    }
  }
  new Names().accept(program)
  return lines[0]
}

class Missing extends Error {}
class Misused extends Error {}

/** What stands in the text where an object was to be printed; no file holds such bytes. */
const objectMark = /\0object (.*?)\0/

/**
 * The variables with secrets revealed and without inherited properties. What is not there can't be
 * read: Handlebars itself sees to that only outside of helpers' arguments.
 */
function strict(value: unknown, path: string, found: { sensitive: boolean }): unknown {
  const below = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`)
  if (value instanceof Secret) {
    found.sensitive = true
    return strict(value.reveal(), path, found)
  }
  if (Array.isArray(value))
    return value.map((item: unknown, index) => strict(item, below(index), found))
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  const copy = Object.create(null) as Record<string, unknown>
  for (const [key, item] of Object.entries(value))
    if (item !== undefined) copy[key] = strict(item, below(key), found)
  Object.defineProperty(copy, Symbol.toPrimitive, { value: () => `\0object ${path}\0` })
  return new Proxy(copy, {
    get(target, key) {
      if (typeof key === 'string' && key !== 'toJSON' && !(key in target)) throw new Missing(key)
      return target[key as string]
    },
  })
}

function explain(
  path: string,
  error: unknown,
  lineOfName: (name: string) => number | undefined,
): HostwrightError {
  const message = error instanceof Error ? error.message : String(error)
  const place = (line: number | undefined) => ({ file: path, ...(line !== undefined && { line }) })
  const fail = (text: string, line: number | undefined, hint?: string) =>
    new HostwrightError('TEMPLATE_INVALID', text, { place: place(line), ...(hint && { hint }) })
  const at = / - (\d+):\d+$/.exec(message)?.[1]
  const line = at === undefined ? undefined : Number(at)
  const missing = /^"(.*?)" not defined in /s.exec(message)?.[1]
  if (missing !== undefined || error instanceof Missing) {
    const name = missing ?? message
    return fail(
      `Cannot render variable "${name}": it is not defined`,
      line ?? lineOfName(name),
      `Give "${name}" in vars`,
    )
  }
  if (error instanceof Misused)
    return fail(
      `Cannot render variable "${message}": it is an object`,
      lineOfName(message.split('.').at(-1) ?? message),
      'Name one of its values, or use {{json …}}',
    )
  const helper = /unknown helper (\S+)/.exec(message)?.[1]
  if (helper !== undefined)
    return fail(
      `Cannot render helper "${helper}": there is none of that name`,
      line,
      `The helpers are if, unless, each, with, lookup, ${Object.keys(helpers).join(', ')}`,
    )
  const parse = /^(?:Parse|Lexical) error on line (\d+)/.exec(message)?.[1]
  const reason =
    parse === undefined ? message.replace(/ - \d+:\d+$/, '') : message.split('\n').at(-1)
  return fail(
    `Cannot render template "${path}": ${reason}`,
    parse === undefined ? line : Number(parse),
  )
}
