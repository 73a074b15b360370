// What the documents say of files, errors and dependencies.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import t from 'tap'
import { errorCodes } from '../../lib/core/errors.js'
import * as resources from '../../lib/resources/index.js'
import { documents, linksIn, root } from './documents.js'
import './examples.js'
import { program } from './program.js'
import { resourcesPage } from './resources-page.js'

const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** The anchors that GitHub gives to the headings of a document. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

t.test('links within the project lead somewhere; others are not followed', async (t) => {
  for (const document of documents) {
    for (const target of linksIn(read(document))) {
      if (target.startsWith('https:')) continue
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? join(root, document) : resolve(root, dirname(document), path)
      t.ok(existsSync(file), `${document}: ${target}`)
      if (anchor !== undefined && statSync(file).isFile())
        t.ok(anchorsOf(readFileSync(file, 'utf8')).includes(anchor), `${document}: ${target}`)
    }
  }
  t.ok(documents.length > 10)
})

t.test('README.md leads to every page of docs/', async (t) => {
  const readme = read('README.md')
  for (const document of documents.filter((name) => name.startsWith('docs/')))
    t.match(readme, `](${document}`, document)
})

t.test('every picture is shown, one in dark colours where the reader has them', async (t) => {
  const shown = documents.map((document) => read(document)).join()
  for (const name of readdirSync(join(root, 'docs')).filter((one) => /\.(?:png|svg)$/.test(one)))
    t.ok(shown.includes(name), name)
  for (const document of ['README.md', 'docs/report.md'])
    t.match(
      read(document),
      /<source media="\(prefers-color-scheme: dark\)" srcset="(?:docs\/)?report-dark\.png">/,
      document,
    )
})

t.test('every error code has its entry, and its exit code there', async (t) => {
  const sections = new Map(
    read('docs/errors.md')
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('\n')), section]),
  )
  t.same([...sections.keys()], Object.keys(errorCodes), 'in the order of the source')
  for (const [code, exitCode] of Object.entries(errorCodes))
    t.match(sections.get(code), `Exit code ${exitCode}`, code)
})

t.test('every dependency is justified', async (t) => {
  const { dependencies } = JSON.parse(read('package.json')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  const named = [...read('docs/dependencies.md').matchAll(/^\| ([a-z0-9, -]+) \|/gm)]
    .flatMap(([, names = '']) => names.split(', '))
    .filter((name) => name !== 'package')
  t.same(named.toSorted(), Object.keys(dependencies).toSorted())
})

t.test('zx is loaded for who imports it: nothing in lib/ does', async (t) => {
  const names = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  for (const name of names.filter((one) => /\.m?[jt]s$/.test(one)))
    t.notMatch(read(join('lib', name)), /(?:from|import\() ?'zx/, name)
  // A role's own check may import it: hostwright/roles/NAME/verify, which is loaded by itself.
  for (const role of readdirSync(join(root, 'roles'))) {
    const loaded = new Set([`roles/${role}/index.ts`])
    for (const file of loaded)
      for (const [, from = ''] of read(file).matchAll(/ from '(\.[^']+)\.js'/g)) {
        const path = `${join(dirname(file), from)}.ts`
        if (path.startsWith('roles/')) loaded.add(path)
      }
    for (const file of loaded) t.notMatch(read(file), / from 'zx/, `${role}: ${file}`)
  }
})

t.test('docs/resources.md says what the comments of the source say', async (t) => {
  const page = resourcesPage(program, root)
  if (process.env['HOSTWRIGHT_DOCS'] === '1') writeFileSync(join(root, 'docs/resources.md'), page)
  t.equal(read('docs/resources.md'), page, 'HOSTWRIGHT_DOCS=1 writes it anew')
  const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title)
  t.same(sections, ['Every resource', ...Object.keys(resources).toSorted()])
})
