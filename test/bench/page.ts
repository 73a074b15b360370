import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { plots } from './plots.js'
import { readResults } from './results.js'
import { tables } from './tables.js'

const docs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url))

/**
 * Writes the tables of docs/performance.md, each between `<!-- bench: NAME -->` and `<!-- /bench -->`,
 * and its plots. What stands around them is written by hand.
 */
export async function writePage(): Promise<void> {
  const results = readResults()
  const page = docs('performance.md')
  const text = readFileSync(page, 'utf8').replace(
    /(<!-- bench: (\w+) -->\n)[^]*?(<!-- \/bench -->)/g,
    (_, begin: string, name: string, end: string) => {
      const write = tables[name]
      if (!write) throw new Error(`docs/performance.md wants a table "${name}", which there is not`)
      return `${begin}\n${write(results)}\n\n${end}`
    },
  )
  writeFileSync(page, text)
  for (const [name, draw] of Object.entries(plots))
    writeFileSync(docs(`performance-${name}.svg`), draw(results))
}
