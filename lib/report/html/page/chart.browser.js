import { asTable } from './as-table.browser.js'
import { h } from './dom.browser.js'
import { count, moment, plural } from './format.browser.js'
import { legend } from './legend.browser.js'

/** @import { DriftCheck } from '../types.js' */

/**
 * One part of a column, from the bottom up.
 * @typedef {object} Series
 * @property {string} name
 * @property {string} status gives the colour
 * @property {(check: DriftCheck) => number} value
 */

/** Columns that still have a width; of more checks than these, several share one. */
const most = 80

/**
 * Columns over the checks, oldest first, with the same figures as a table.
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
  const failed = checks.filter(({ failure }) => failure !== undefined).length
  const doubt = failed > 0 ? `; ${plural(failed, 'check')} failed` : ''
  const words = `${title}, ${checks.length} checks: now ${last ? say(last) : ''}, most ${format(Math.max(0, ...sums))}${doubt}`
  return h(
    'figure',
    { class: 'chart' },
    h('figcaption', {}, title, h('b', {}, last ? format(sum(last)) : '')),
    series.length === 1
      ? undefined
      : legend([
          ...series,
          ...(checks.some((check) => doubtOf(check) !== '')
            ? [{ name: 'not all is known', status: 'doubt' }]
            : []),
        ]),
    h(
      'div',
      { class: 'plot', role: 'img', 'aria-label': words },
      h('span', { class: 'top' }, format(top)),
      h(
        'div',
        { class: 'columns' },
        ...parted(checks).map((part) => column(part, series, top, sum, say)),
      ),
    ),
    h(
      'div',
      { class: 'ends', 'aria-hidden': 'true' },
      h('span', {}, checks[0] ? moment(checks[0].time).slice(0, 10) : ''),
      h('span', {}, last ? moment(last.time).slice(0, 10) : ''),
    ),
    asTable({
      label: `${title} by check`,
      head: ['Check (UTC)', ...series.map(({ name }) => name), 'not known'],
      items: checks.toReversed(),
      cells: (check) => [
        h('th', { scope: 'row' }, moment(check.time)),
        ...series.map(({ value }) => h('td', { class: 'number' }, format(value(check)))),
        h('td', {}, doubtOf(check)),
      ],
    }),
  )
}

/**
 * Checks that follow one another, as many to a part.
 * @param {readonly DriftCheck[]} checks
 */
function parted(checks) {
  const size = Math.max(1, Math.ceil(checks.length / most))
  const parts = []
  for (let at = 0; at < checks.length; at += size) parts.push(checks.slice(at, at + size))
  return parts
}

/**
 * The worst of some checks.
 * @param {readonly DriftCheck[]} checks
 * @param {readonly Series[]} series
 * @param {number} top
 * @param {(check: DriftCheck) => number} sum
 * @param {(check: DriftCheck) => string} say
 */
function column(checks, series, top, sum, say) {
  const check = checks.reduce((worst, one) => (sum(one) > sum(worst) ? one : worst))
  const parts = series.flatMap(({ status, value }) => {
    const share = value(check) / top
    if (share === 0) return []
    const part = h('i', { class: `s-${status}` })
    part.style.blockSize = `${share * 100}%`
    return [part]
  })
  // Those that could not know must not look as if nothing was there.
  const doubtful = checks.filter((one) => doubtOf(one) !== '')
  const titles = [
    `${moment(check.time)} UTC: ${say(check)}`,
    ...doubtful.slice(0, 3).map((one) => `${moment(one.time)} UTC: ${doubtOf(one)}`),
    ...(doubtful.length > 3 ? [`… ${count(doubtful.length - 3)} more in doubt`] : []),
  ]
  const isFailed = checks.some(({ failure }) => failure !== undefined)
  const kind = isFailed ? 'failed' : doubtful.length > 0 ? 'doubt' : undefined
  return h('div', { class: kind, title: titles.join('\n') }, ...parts)
}

/** @param {DriftCheck} check */
function doubtOf({ failure, unknown }) {
  if (failure !== undefined) return `failed: ${failure}`
  return unknown > 0 ? `${plural(unknown, 'host')} unknown` : ''
}
