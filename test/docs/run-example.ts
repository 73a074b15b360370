// Runs an example as a program of its own, with what its reader has at hand.
import { isBuiltin } from 'node:module'
import { basename, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { runInThisContext } from 'node:vm'
import ts from 'typescript'
import type { FakeHost } from '../../lib/testing/index.js'
import type { PlaybookContext, Resource } from '../../lib/index.js'
import { inventory, newHost } from './at-hand.js'
import { root } from './documents.js'
import type { Example } from './program.js'

/** A statement that is an expression. */
export interface Said {
  readonly text: string
  readonly value: unknown
  /** What the comment behind it says that it is; undefined without one. */
  readonly wanted?: { readonly value: unknown }
}

type Module = Readonly<Record<string, unknown>>

/**
 * What an example's expressions give. A resource is planned on the host at hand.
 *
 * @param folder where it counts as written, with the templates that it names
 * @param own what it has instead, by the names that it uses
 * @throws what the example throws
 */
export async function runExample(
  example: Example,
  folder: string,
  own: Module = {},
): Promise<{ readonly said: readonly Said[]; readonly exported: Module; readonly host: FakeHost }> {
  const host = newHost()
  const said: Said[] = []
  const say = async (text: string, value: unknown, wanted?: () => unknown): Promise<void> => {
    const given = isResource(value) ? await host.ensure(value) : value
    said.push({ text, value: given, ...(wanted && { wanted: { value: wanted() } }) })
  }
  const given = (name: string, value: unknown) =>
    Object.hasOwn(own, name) ? own[name] : replaced(name, value, host)
  const names = new Map<string, unknown>([['say', say]])
  for (const [from, name, as] of example.imports)
    names.set(as, given(name, ((await import(from)) as Module)[name]))
  const { code, modules } = translate(example)
  const loaded = new Map<string, Module>()
  for (const specifier of modules) {
    const module = (await import(fileOf(specifier))) as Module
    const entries = Object.entries(module).map(([name, value]) => [name, given(name, value)])
    loaded.set(specifier, { ...(Object.fromEntries(entries) as Module), __esModule: true })
  }
  const exported: Record<string, unknown> = {}
  const parameters = ['require', 'exports', ...names.keys()].join(', ')
  const run = runInThisContext(`(async (${parameters}) => {${code}\n})`, {
    filename: join(folder, basename(example.path)),
  }) as (...values: readonly unknown[]) => Promise<void>
  await run((specifier: string) => loaded.get(specifier), exported, ...names.values())
  return { said, exported, host }
}

export function isAsSaid({ value, wanted }: Said): boolean {
  return wanted === undefined || isDeepStrictEqual(value, wanted.value)
}

/** Each example begins with a host of its own, and what its playbooks do, they do on that. */
function replaced(name: string, value: unknown, host: FakeHost): unknown {
  if (name === 'host') return host
  if (name !== 'playbook') return value
  return async (_: string, body: (context: PlaybookContext) => Promise<unknown>) =>
    await body({
      play: async (_name, _options, work) => void (await work(host)),
      inventory,
      check: true,
    })
}

function isResource(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && 'type' in value && 'wish' in value
}

function fileOf(specifier: string): string {
  const [, room = ''] = /^hostwright(?:\/(.*))?$/.exec(specifier) ?? []
  if (!specifier.startsWith('hostwright')) return specifier
  if (/^roles\/\w+\/verify$/.test(room)) return join(root, `${room}.js`)
  if (room.startsWith('roles/')) return join(root, room, 'index.js')
  return join(root, 'lib', room === 'test' ? 'testing' : room, 'index.js')
}

/** JavaScript that tells what each expression at the top gives, and what it imports. */
function translate({ text }: Example): { code: string; modules: readonly string[] } {
  const source = ts.createSourceFile('example.ts', text, ts.ScriptTarget.ES2022, true)
  const modules: string[] = []
  let marked = text
  for (const statement of source.statements.toReversed()) {
    if (ts.isImportDeclaration(statement))
      modules.push((statement.moduleSpecifier as ts.StringLiteral).text)
    if (!ts.isExpressionStatement(statement)) continue
    const expression = statement.expression.getText()
    const wanted = /^ *\/\/ (.+)/.exec(text.slice(statement.getEnd()))?.[1]
    const call = `await say(${JSON.stringify(expression)}, ${expression}${wanted === undefined ? '' : `, () => (${wanted})`})`
    marked = marked.slice(0, statement.getStart()) + call + marked.slice(statement.getEnd())
  }
  const { outputText } = ts.transpileModule(marked, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
    },
  })
  return {
    code: outputText,
    modules: modules.filter((name) => isBuiltin(name) || !name.startsWith('.')),
  }
}
