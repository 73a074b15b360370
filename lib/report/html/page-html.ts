import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { libFolder } from '../../core/lib-folder.js'
import { plainText } from '../text.js'
import type { Page } from './types.js'

/** The page's modules, each after those that it imports. */
const modules = [
  'dom',
  'format',
  'status',
  'theme',
  'diff',
  'details',
  'filter',
  'legend',
  'pieces',
  'lanes',
  'list',
  'hosts',
  'timeline',
  'as-table',
  'chart',
  'tables',
  'run',
  'drift',
  'main',
] as const

/**
 * A page as one file that needs nothing else: its style, its script and its data are in it, and its
 * policy lets the browser load nothing, nor run anything but that script.
 *
 * @see https://www.w3.org/TR/CSP3/ for the policy
 */
export function pageHtml(page: Page): string {
  const style = `\n${asset('page.css')}`
  const script = `\n${modules.map((name) => withoutModules(asset(`${name}.browser.js`))).join('\n')}`
  const policy = [
    "default-src 'none'",
    `style-src '${hash(style)}'`,
    `script-src '${hash(script)}'`,
    // The empty icon below: without it a browser asks the server for one.
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  const what = page.kind === 'drift' ? 'Drift' : page.check ? 'Check' : 'Run'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escaped(plainText(page.title))} · ${what}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<noscript>This report is drawn by the script inside of it: please allow scripts. It loads nothing.</noscript>
<script type="application/json" id="data">${json(page)}</script>
<script type="module">${script}</script>
</body>
</html>
`
}

function asset(name: string): string {
  return readFileSync(new URL(`report/html/page/${name}`, libFolder), 'utf8')
}

/** In one script, modules share their names and have nothing to import. */
function withoutModules(source: string): string {
  return source.replaceAll(/^import [^;]*? from '[^']+'\n/gm, '').replaceAll(/^export /gm, '')
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/**
 * Data that no text in it can leave: `<` never occurs, so neither does the end of the element nor
 * the begin of a comment. Characters that turn the direction of writing are taken out as well.
 */
function json(page: Page): string {
  return JSON.stringify(page, (_, value: unknown) =>
    typeof value === 'string' ? plainText(value) : value,
  ).replaceAll(/[<\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

function escaped(text: string): string {
  return text.replaceAll(/[&<>]/g, (character) => entities[character] ?? '')
}
