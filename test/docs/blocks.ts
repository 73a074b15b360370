// The examples of the documents and of the source's comments.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'

export interface Block {
  /** `docs/roles.md#2`, the second block of the document; `lib/core/quote.ts#1`. */
  readonly name: string
  /** The file that it stands in. */
  readonly file: string
  /** The word behind the fence; of comments `ts`. */
  readonly language: string
  readonly text: string
}

/** The blocks of a document, and how many lines of it begin or end one. */
export function blocksOf(
  root: string,
  document: string,
): { readonly blocks: readonly Block[]; readonly fences: number } {
  const text = readFileSync(join(root, document), 'utf8')
  const found = [...text.matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms)]
  const blocks = found.map(([, indent = '', language = '', inner = ''], index) => ({
    name: `${document}#${index + 1}`,
    file: document,
    language,
    text: inner.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }))
  return { blocks, fences: text.match(/^ *```/gm)?.length ?? 0 }
}

/** Every `@example` of the comments below a folder. */
export function commentExamples(root: string, folder: string): readonly Block[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('cli/template'))
    .toSorted()
    .flatMap((name) => examplesOf(root, join(folder, name)))
}

function examplesOf(root: string, file: string): readonly Block[] {
  const text = readFileSync(join(root, file), 'utf8')
  if (!text.includes('@example')) return []
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)
  // What is declared in a statement shares the statement's comment.
  const tags = new Set<ts.JSDocTag>()
  const visit = (node: ts.Node): void => {
    for (const tag of ts.getJSDocTags(node)) if (tag.tagName.text === 'example') tags.add(tag)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return [...tags].map(({ comment }, index) => ({
    name: `${file}#${index + 1}`,
    file,
    language: 'ts',
    text: `${ts.getTextOfJSDocComment(comment) ?? ''}\n`,
  }))
}

/** Where an example counts as written: what it imports is found from there. */
export function placeOf({ file, name }: Block): string {
  const base = `example-${name.replaceAll(/[^\w]+/g, '-')}.ts`
  if (file.endsWith('.ts')) return join(dirname(file), base)
  // The page works in what `hostwright init` makes, others in this repository.
  return join(file === 'docs/getting-started.md' ? 'lib/cli/template/playbooks' : 'playbooks', base)
}
