import { h } from './dom.browser.js'

/** @import { PageDiff, PageHunk } from '../types.js' */

/**
 * Two texts side by side, as lines that go and come.
 * @param {PageDiff} diff
 * @param {string} label
 */
export function diffView({ hunks, note }, label) {
  const tables = hunks.map((hunk) => h('tbody', {}, ...rows(hunk)))
  return h(
    'figure',
    { class: 'diff' },
    h('figcaption', {}, label, note === undefined ? undefined : h('em', {}, ` ${note}`)),
    hunks.length === 0
      ? undefined
      : h(
          'div',
          { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': `${label}, difference` },
          h('table', {}, head(), ...tables),
        ),
  )
}

function head() {
  const cell = (/** @type {string} */ text) => h('th', { scope: 'col' }, text)
  return h('thead', { class: 'hidden' }, h('tr', {}, cell('Before'), cell('After'), cell('Line')))
}

const kinds = new Map([
  ['+', { kind: 'added', word: 'added: ' }],
  ['-', { kind: 'removed', word: 'removed: ' }],
])

/** @param {PageHunk} hunk */
function rows({ before, after, lines }) {
  let old = before
  let fresh = after
  return lines.map((line) => {
    const mark = line[0] ?? ' '
    const isNote = mark === '\\'
    const left = mark === '+' || isNote ? '' : String(old++)
    const right = mark === '-' || isNote ? '' : String(fresh++)
    const found = kinds.get(mark)
    return h(
      'tr',
      { class: found?.kind },
      h('td', {}, left),
      h('td', {}, right),
      h(
        'td',
        { 'data-mark': mark },
        found && h('span', { class: 'hidden' }, found.word),
        isNote ? line.slice(2) : line.slice(1),
      ),
    )
  })
}
