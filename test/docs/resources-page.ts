// What docs/resources.md is made of: the documentation comments of the resources.
import { join } from 'node:path'
import ts from 'typescript'

/** Options that every resource takes stand once, at the top. */
const common = 'CommonOptions'

/** The page, as docs/resources.md has to be. */
export function resourcesPage(program: ts.Program, root: string): string {
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(join(root, 'lib/resources/index.ts'))!
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source)!)
  const functions = exported
    .map((symbol) =>
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    )
    .filter((symbol) => signatureOf(symbol, checker) !== undefined)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const shared = commonNames(program, checker)
  return [
    '# Resources',
    '',
    'Each is data until it is given to `host.ensure`. All of them take besides what stands first here.',
    '',
    '## Every resource',
    '',
    ...table([...shared.values()], checker),
    '',
    ...functions.flatMap((symbol) => section(symbol, checker, new Set(shared.keys()))),
  ].join('\n')
}

function commonNames(program: ts.Program, checker: ts.TypeChecker): ReadonlyMap<string, ts.Symbol> {
  const file = program
    .getSourceFiles()
    .find(({ fileName }) => fileName.endsWith('resources/types.ts'))!
  const symbol = checker
    .getExportsOfModule(checker.getSymbolAtLocation(file)!)
    .find(({ name }) => name === common)!
  const properties = checker.getDeclaredTypeOfSymbol(symbol).getProperties()
  return new Map(properties.map((property) => [property.name, property]))
}

/** How it is called, whether it is a function or what `resourceType` gives. */
function signatureOf(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Signature | undefined {
  return symbol.valueDeclaration && checker.getTypeOfSymbol(symbol).getCallSignatures()[0]
}

function section(
  symbol: ts.Symbol,
  checker: ts.TypeChecker,
  shared: ReadonlySet<string>,
): readonly string[] {
  const tags = symbol.getJsDocTags(checker)
  const tag = (name: string) =>
    tags.filter((one) => one.name === name).map(({ text }) => ts.displayPartsToString(text).trim())
  const parameters = signatureOf(symbol, checker)?.parameters ?? []
  const options = parameters.flatMap((parameter) =>
    checker.getTypeOfSymbol(parameter).getProperties(),
  )
  const own = options.filter(({ name }) => !shared.has(name))
  return [
    `## ${symbol.name}`,
    '',
    ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim(),
    '',
    ...(own.length > 0 ? [...table(own, checker), ''] : []),
    ...tag('example').flatMap((example) => ['```ts', example, '```', '']),
    ...tag('see').flatMap((text) => [`Source: ${text}`, '']),
  ]
}

/** A union as it is written: the compiler's own order of its parts depends on what else it has read. */
function typeOf(property: ts.Symbol, checker: ts.TypeChecker): string {
  const declaration = property.valueDeclaration as ts.PropertySignature
  if (declaration.type && ts.isUnionTypeNode(declaration.type))
    return declaration.type.getText().replace(/^\|/, '').trim()
  return checker.typeToString(
    checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(property, declaration)),
    undefined,
    ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.UseSingleQuotesForStringLiteralType,
  )
}

function table(properties: readonly ts.Symbol[], checker: ts.TypeChecker): readonly string[] {
  const rows = properties.map((property) => {
    const fallback = property
      .getJsDocTags(checker)
      .filter(({ name }) => name === 'default')
      .map(({ text }) => ts.displayPartsToString(text).trim())[0]
    const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0
    const text = ts.displayPartsToString(property.getDocumentationComment(checker)).trim()
    const type = typeOf(property, checker)
    return [`\`${property.name}\``, `\`${type}\``, fallback ?? (isOptional ? '' : 'required'), text]
  })
  const cell = (text: string) => text.replace(/\s+/g, ' ').replaceAll('|', '\\|')
  return [
    '| option | type | default | |',
    '|---|---|---|---|',
    ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
  ]
}
