import { h } from './dom.browser.js'
import { inPieces } from './pieces.browser.js'

/**
 * The figures of a chart as a table, for who prefers that; made when it is opened.
 * @template Item
 * @param {object} given
 * @param {string} given.label
 * @param {readonly string[]} given.head
 * @param {readonly Item[]} given.items one a row
 * @param {(item: Item) => readonly Node[]} given.cells
 */
export function asTable({ label, head, items, cells }) {
  const details = h('details', { class: 'as-table' }, h('summary', {}, 'As a table'))
  details.addEventListener('toggle', () => {
    if (details.childElementCount > 1) return
    const body = h('tbody', {})
    details.append(
      h(
        'div',
        { class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': label },
        h(
          'table',
          {},
          h('caption', { class: 'hidden' }, label),
          h('thead', {}, h('tr', {}, ...head.map((text) => h('th', { scope: 'col' }, text)))),
          body,
        ),
      ),
    )
    inPieces(body, items, (item) => h('tr', {}, ...cells(item)))
  })
  return details
}
