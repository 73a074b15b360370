// One program of the compiler for all that the tests of the documents ask it.
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { blocksOf, commentExamples, placeOf, type Block } from './blocks.js'
import { documents, root } from './documents.js'

/** What a block takes from elsewhere without saying so. */
export type Import = readonly [from: string, name: string, as: string]

export interface Example extends Block {
  /** Where it counts as written. */
  readonly path: string
  readonly imports: readonly Import[]
}

const atHand = join(root, 'test/docs/at-hand.js')
const library = ['lib', 'lib/lab', 'lib/testing', 'lib/report'].map((room) =>
  join(root, room, 'index.js'),
)

/** Names that are something else in a file than everywhere. */
const renamed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'lib/connection/connect.ts': { host: 'inventoryHost' },
}

/** Every TypeScript block of the documents and comments. */
export const examples: readonly Example[] = await Promise.all(
  [
    ...documents
      // It is made of the comments.
      .filter((document) => document !== 'docs/resources.md')
      .flatMap((document) => blocksOf(root, document).blocks)
      .filter(({ language }) => language === 'ts'),
    ...['lib', 'roles'].flatMap((folder) => commentExamples(root, folder)),
  ].map(toExample),
)

const texts = new Map(
  examples.map(({ path, imports, text }) => {
    const lines = imports.map(([from, name, as]) => {
      const to = relative(dirname(path), from)
      return `import { ${name} as ${as} } from '${to.startsWith('.') ? to : `./${to}`}'`
    })
    return [path, [...lines, text, 'export {}\n'].join('\n')]
  }),
)

export const program = makeProgram()

/** What the compiler says of an example; nothing where it is right. */
export function complaintsOf({ path }: Example): readonly string[] {
  const source = program.getSourceFile(path)!
  return [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ].map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

function makeProgram(): ts.Program {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) =>
    ts.sys.readFile(file),
  ) as { config: { compilerOptions: object } }
  const { options } = ts.convertCompilerOptionsFromJson(
    {
      ...config.compilerOptions,
      // An example need not go on to use what it makes.
      noUnusedLocals: false,
      noEmit: true,
      // As in the template.
      allowImportingTsExtensions: true,
    },
    root,
  )
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile, readFile } = host
  host.fileExists = (path) => texts.has(path) || fileExists(path)
  host.readFile = (path) => texts.get(path) ?? readFile(path)
  host.getSourceFile = (path, version, ...rest) => {
    const text = texts.get(path)
    return text === undefined
      ? getSourceFile(path, version, ...rest)
      : ts.createSourceFile(path, text, version)
  }
  const entries = ['lib/resources/index.ts', 'lib/resources/types.ts']
  return ts.createProgram(
    [...entries.map((file) => join(root, file)), ...texts.keys()],
    options,
    host,
  )
}

async function toExample(block: Block): Promise<Example> {
  const path = join(root, placeOf(block))
  const source = ts.createSourceFile(path, block.text, ts.ScriptTarget.ES2022)
  const own = declaredIn(source)
  const words = new Set(block.text.match(/[A-Za-z_$][\w$]*/g))
  const imports: Import[] = []
  const taken = new Set(own.names)
  for (const from of [...modulesOf(block), atHand, ...(own.imports ? [] : library)])
    for (const name of Object.keys((await import(from)) as object)) {
      const as = name
      if (!words.has(as) || taken.has(as)) continue
      taken.add(as)
      const other = from === atHand ? renamed[block.file]?.[as] : undefined
      imports.push([from, other ?? name, as])
    }
  return { ...block, path, imports }
}

/** What an example in a comment sees: what is beside it. */
function modulesOf({ file }: Block): readonly string[] {
  if (!file.endsWith('.ts')) return []
  const index = join(dirname(file), 'index.ts')
  return [...new Set([file, ...(ts.sys.fileExists(join(root, index)) ? [index] : [])])].map(
    (path) => join(root, path).replace(/ts$/, 'js'),
  )
}

/** The names that a text declares at its top, and whether it imports any: then it imports all. */
function declaredIn(source: ts.SourceFile): { names: ReadonlySet<string>; imports: boolean } {
  const names = new Set<string>()
  let imports = false
  const bind = (name: ts.BindingName): void => {
    if (ts.isIdentifier(name)) names.add(name.text)
    else for (const element of name.elements) if (ts.isBindingElement(element)) bind(element.name)
  }
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement))
      for (const { name } of statement.declarationList.declarations) bind(name)
    if (ts.isFunctionDeclaration(statement) && statement.name) names.add(statement.name.text)
    if (!ts.isImportDeclaration(statement)) continue
    imports = true
    const { name, namedBindings } = statement.importClause ?? {}
    if (name) names.add(name.text)
    if (namedBindings && ts.isNamespaceImport(namedBindings)) names.add(namedBindings.name.text)
    if (namedBindings && ts.isNamedImports(namedBindings))
      for (const element of namedBindings.elements) names.add(element.name.text)
  }
  return { names, imports }
}
