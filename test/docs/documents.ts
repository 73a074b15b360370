// Which documents there are.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Their paths from the root. */
export const documents: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  'lib/cli/template/README.md',
  ...['docs', 'inventories', 'roles'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  ),
]

/** What the links and pictures of a document lead to; what stands between back quotes is no link. */
export function linksIn(text: string): readonly string[] {
  const found = text
    .replace(/```.*?```|`[^`\n]*`/gs, '')
    .matchAll(/\]\(([^)\s]+)\)|<(?:img|source) [^>]*\bsrc(?:set)?="([^"]+)"/g)
  return [...found].map(([, link, picture]) => link ?? picture ?? '')
}
