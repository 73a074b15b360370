import { h } from './dom.browser.js'
import { byName, count, duration, plural } from './format.browser.js'
import { byAttention, sign, word } from './status.browser.js'

/** @import { PageItem } from '../types.js' */

/** Tasks that the table of the slowest shows. */
const slowest = 12

/**
 * The tasks that took longest, each with a bar.
 * @param {readonly PageItem[]} items
 */
export function slowestTable(items) {
  const top = items
    .filter(({ duration: took = 0, kind }) => took > 0 && kind !== 'check')
    .toSorted((a, b) => (b.duration ?? 0) - (a.duration ?? 0))
    .slice(0, slowest)
  const longest = top[0]?.duration ?? 1
  if (top.length === 0) return undefined
  return table(
    'The slowest tasks',
    ['Took#', '', 'Host', 'Role', 'Task'],
    top.map(({ duration: took = 0, status, host, role, title }) => {
      const bar = h('i', { class: `bar s-${status}` })
      bar.style.inlineSize = `${(took / longest) * 100}%`
      return [
        h('td', { class: 'number' }, duration(took)),
        h('td', { class: 'bars', 'aria-hidden': 'true' }, bar),
        h('td', {}, host),
        h('td', { class: 'soft' }, role),
        h('th', { scope: 'row', class: 'task' }, title),
      ]
    }),
  )
}

/**
 * What was verified, one line for what is looked at on several hosts.
 * @param {readonly PageItem[]} items
 * @param {(text: string) => void} show
 */
export function checkTable(items, show) {
  /** @type {Map<string, PageItem[]>} */
  const checks = new Map()
  for (const item of items) {
    const key = `${item.role}\n${item.title}`
    if (item.kind === 'check') checks.set(key, [...(checks.get(key) ?? []), item])
  }
  if (checks.size === 0) return undefined
  const worst = (/** @type {readonly PageItem[]} */ own) =>
    own.map(({ status }) => status).toSorted(byAttention)[0] ?? 'ok'
  const ordered = [...checks.values()].toSorted((a, b) => byAttention(worst(a), worst(b)))
  return table(
    'What was verified',
    ['Result', 'Check', 'Role', 'Holds on#', 'Longest#'],
    ordered.map((own) => {
      const [first] = own
      const status = worst(own)
      const bad = own.filter((item) => item.status === 'failed').map(({ host }) => host)
      const holds = own.filter((item) => item.status === 'ok').length
      const took = Math.max(...own.map((item) => item.duration ?? 0))
      const title = first?.title ?? ''
      return [
        h('td', { class: `state s-${status}` }, h('span', {}, sign(status), word(status))),
        h(
          'th',
          { scope: 'row' },
          h('button', { type: 'button', onclick: () => show(title) }, title),
          bad.length === 0 ? undefined : h('small', {}, `not on ${someOf(bad)}`),
        ),
        h('td', { class: 'soft' }, first?.role ?? ''),
        h('td', { class: 'number' }, `${count(holds)} of ${count(own.length)}`),
        h('td', { class: 'number' }, duration(took)),
      ]
    }),
  )
}

/** @param {readonly string[]} names */
function someOf(names) {
  const [...sorted] = names.toSorted(byName)
  const more = sorted.length - 5
  return more > 0
    ? `${sorted.slice(0, 5).join(', ')} and ${plural(more, 'other')}`
    : sorted.join(', ')
}

/**
 * @param {string} caption
 * @param {readonly string[]} head a `#` at the end: a column of numbers
 * @param {readonly (readonly Node[])[]} rows
 */
function table(caption, head, rows) {
  return h(
    'div',
    { class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      {},
      h('caption', { class: 'hidden' }, caption),
      h('thead', {}, h('tr', {}, ...head.map(headCell))),
      h('tbody', {}, ...rows.map((cells) => h('tr', {}, ...cells))),
    ),
  )
}

/** @param {string} text */
function headCell(text) {
  if (text === '') return h('td', {})
  const isNumber = text.endsWith('#')
  return h(
    'th',
    { scope: 'col', class: isNumber ? 'number' : undefined },
    isNumber ? text.slice(0, -1) : text,
  )
}
