// The picture of a run is what the console writes.
import { readFileSync, writeFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import t from 'tap'
import { consoleReporter } from '../../lib/report/index.js'
import type { HostwrightEvent } from '../../lib/report/index.js'
import { webRun } from './fixtures/web-run.js'

const file = fileURLToPath(new URL('../../docs/run.svg', import.meta.url))
const command = '$ npx tsx playbooks/web.ts -i inventories/lab --diff'

/** What the console writes of events on a terminal that has colours. */
function written(events: readonly HostwrightEvent[]): string {
  let text = ''
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      text += String(chunk)
      done()
    },
  })
  const reporter = consoleReporter({ stream, tty: false, color: true, diff: true })
  for (const event of events) reporter.event(event)
  reporter.close?.()
  return text
}

/** The classes of the codes that begin a colour; what ends one is not among them. */
const classes: Readonly<Record<string, string>> = {
  1: 'bold',
  31: 'red',
  32: 'green',
  33: 'yellow',
  35: 'magenta',
  36: 'cyan',
  90: 'gray',
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** A line of a terminal as SVG. */
function drawn(line: string, top: number): string {
  const [first = '', ...rest] = line.split('\u001b[')
  const parts = rest.map((part) => {
    const [, code = '', text = ''] = /^(\d+)m(.*)$/s.exec(part) ?? []
    const name = classes[code]
    if (text === '' || name === undefined) return escaped(text)
    return `<tspan class="${name}">${escaped(text)}</tspan>`
  })
  return `<text x="16" y="${top}" xml:space="preserve">${escaped(first)}${parts.join('')}</text>`
}

function picture(text: string): string {
  const lines = text.trimEnd().split('\n')
  const width = Math.max(...lines.map((line) => stripVTControlCharacters(line).length))
  const size = `${Math.ceil(width * 7.9) + 32} ${lines.length * 19 + 24}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size}" role="img" aria-label="A run of a playbook in a terminal">
<style>
  svg { --ground: #ffffff; --edge: #d1d9e0; --text: #1f2328; --gray: #59636e; --red: #b42318;
    --green: #0a6b2d; --yellow: #7d5700; --magenta: #8250b0; --cyan: #0b6477 }
  @media (prefers-color-scheme: dark) { svg { --ground: #161b22; --edge: #343b44; --text: #e6edf3;
    --gray: #9aa4af; --red: #ff8a80; --green: #5fd38a; --yellow: #e3b341; --magenta: #c8a2f0; --cyan: #6fd3e3 } }
  rect { fill: var(--ground); stroke: var(--edge) }
  text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: var(--text) }
  .bold { font-weight: 600 }
${['red', 'green', 'yellow', 'magenta', 'cyan', 'gray'].map((name) => `  .${name} { fill: var(--${name}) }\n`).join('')}</style>
<rect x="0.5" y="0.5" width="${Number(size.split(' ')[0]) - 1}" height="${Number(size.split(' ')[1]) - 1}" rx="8"/>
${lines.map((line, index) => drawn(line, index * 19 + 27)).join('\n')}
</svg>
`
}

t.test('docs/run.svg shows what the console writes', async (t) => {
  const text = written(webRun)
  const svg = picture(`${command}\n${text}`)
  if (process.env['HOSTWRIGHT_DOCS'] === '1') writeFileSync(file, svg)
  t.equal(readFileSync(file, 'utf8'), svg, 'HOSTWRIGHT_DOCS=1 draws it anew')
  t.ok(svg.length < 30_000, `${svg.length} bytes`)
  t.match(svg, /<tspan class="yellow">changed/)
})
