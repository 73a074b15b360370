import { h } from './dom.browser.js'
import { driftParts } from './drift.browser.js'
import { runParts } from './run.browser.js'
import { sign } from './status.browser.js'
import { themeChoice } from './theme.browser.js'

/** @import { Page } from '../types.js' */

/**
 * @typedef {object} PageParts
 * @property {string} what
 * @property {{ readonly status: string, readonly text: string }} outcome
 * @property {readonly string[]} about
 * @property {readonly (readonly [string, string, string | undefined])[]} figures name, value, status
 * @property {readonly (HTMLElement | undefined)[]} sections
 * @property {HTMLInputElement} search
 */

/** @type {Page} */
const page = JSON.parse(document.getElementById('data')?.textContent ?? '')
const parts = page.kind === 'run' ? runParts(page) : driftParts(page)
const sections = parts.sections.filter((one) => one !== undefined)

document.body.append(
  h('a', { class: 'skip', href: '#list' }, 'Skip to the list'),
  h(
    'header',
    { class: 'page' },
    h(
      'div',
      {},
      h('p', { class: 'kind' }, parts.what),
      h('h1', {}, page.title),
      h(
        'p',
        { class: `outcome s-${parts.outcome.status}` },
        sign(parts.outcome.status),
        parts.outcome.text,
      ),
      h('ul', { class: 'about' }, ...parts.about.map((text) => h('li', {}, text))),
    ),
    themeChoice(),
    h(
      'nav',
      { 'aria-label': 'Sections' },
      ...sections.map((one) =>
        h('a', { href: `#${one.id}` }, one.querySelector('h2')?.textContent ?? ''),
      ),
    ),
  ),
  h(
    'main',
    {},
    h(
      'dl',
      { class: 'figures' },
      ...parts.figures.map(([name, value, status]) =>
        h(
          'div',
          { class: status === undefined ? undefined : `s-${status}` },
          h('dt', {}, name),
          h('dd', {}, status === undefined ? undefined : sign(status), value),
        ),
      ),
    ),
    ...sections,
  ),
)

addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof Element && event.target.closest('input, select') !== null
  if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
  event.preventDefault()
  parts.search.focus()
})
