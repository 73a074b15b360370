import { h } from './dom.browser.js'
import { moment } from './format.browser.js'
import { legend } from './legend.browser.js'

/** @import { DriftCheck } from '../types.js' */

/**
 * One part of a column, from the bottom up.
 * @typedef {object} Series
 * @property {string} name
 * @property {string} status gives the colour
 * @property {(check: DriftCheck) => number} value
 */

/**
 * Columns over the checks, oldest first, with the same figures as a table for who prefers that.
 * @param {object} given
 * @param {string} given.title
 * @param {readonly DriftCheck[]} given.checks
 * @param {readonly Series[]} given.series
 * @param {(value: number) => string} given.format
 */
export function columnChart({ title, checks, series, format }) {
  const sum = (/** @type {DriftCheck} */ check) =>
    series.reduce((total, { value }) => total + value(check), 0)
  const sums = checks.map(sum)
  const top = Math.max(1, ...sums)
  const say = (/** @type {DriftCheck} */ check) =>
    series.length === 1
      ? format(sum(check))
      : series.map(({ name, value }) => `${format(value(check))} ${name}`).join(', ')
  const last = checks.at(-1)
  const words = `${title}, ${checks.length} checks: now ${last ? say(last) : ''}, most ${format(Math.max(0, ...sums))}`
  return h(
    'figure',
    { class: 'chart' },
    h('figcaption', {}, title, h('b', {}, last ? format(sum(last)) : '')),
    series.length === 1 ? undefined : legend(series),
    h(
      'div',
      { class: 'plot', role: 'img', 'aria-label': words },
      h('span', { class: 'top' }, format(top)),
      h(
        'div',
        { class: 'columns' },
        ...checks.map((check) => column(check, series, top, say(check))),
      ),
    ),
    h(
      'div',
      { class: 'ends', 'aria-hidden': 'true' },
      h('span', {}, checks[0] ? moment(checks[0].time).slice(0, 10) : ''),
      h('span', {}, last ? moment(last.time).slice(0, 10) : ''),
    ),
    tableOf(title, checks, series, format),
  )
}

/**
 * @param {DriftCheck} check
 * @param {readonly Series[]} series
 * @param {number} top
 * @param {string} text
 */
function column(check, series, top, text) {
  const parts = series.flatMap(({ status, value }) => {
    const share = value(check) / top
    if (share === 0) return []
    const part = h('i', { class: `s-${status}` })
    part.style.blockSize = `${share * 100}%`
    return [part]
  })
  // Those that could not be known must not look as if nothing was found.
  const doubt = check.unknown > 0 ? ` (${check.unknown} hosts unknown)` : ''
  return h('div', { title: `${moment(check.time)} UTC: ${text}${doubt}` }, ...parts)
}

/**
 * @param {string} title
 * @param {readonly DriftCheck[]} checks
 * @param {readonly Series[]} series
 * @param {(value: number) => string} format
 */
function tableOf(title, checks, series, format) {
  const details = h('details', { class: 'as-table' }, h('summary', {}, 'As a table'))
  const head = ['Check (UTC)', ...series.map(({ name }) => name)]
  details.addEventListener('toggle', () => {
    if (details.childElementCount > 1) return
    const rows = checks
      .toReversed()
      .map((check) =>
        h(
          'tr',
          {},
          h('th', { scope: 'row' }, moment(check.time)),
          ...series.map(({ value }) => h('td', { class: 'number' }, format(value(check)))),
        ),
      )
    const label = `${title} by check`
    details.append(
      h(
        'div',
        { class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': label },
        h(
          'table',
          {},
          h('caption', { class: 'hidden' }, label),
          h('thead', {}, h('tr', {}, ...head.map((text) => h('th', { scope: 'col' }, text)))),
          h('tbody', {}, ...rows),
        ),
      ),
    )
  })
  return details
}
