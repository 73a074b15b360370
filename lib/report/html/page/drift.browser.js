import { asTable } from './as-table.browser.js'
import { columnChart } from './chart.browser.js'
import { h, section } from './dom.browser.js'
import { byName, count, duration, moment, plural } from './format.browser.js'
import { hostTable } from './hosts.browser.js'
import { lanes } from './lanes.browser.js'
import { itemList } from './list.browser.js'
import { reveal } from './run.browser.js'
import { word } from './status.browser.js'

/** @import { DriftPage, DriftPageHost } from '../types.js' */
/** @import { PageParts } from './main.browser.js' */

/**
 * The page of the history of drift checks.
 * @param {DriftPage} page
 * @returns {PageParts}
 */
export function driftParts(page) {
  const list = itemList(page, 'finding')
  const hosts = (/** @type {string} */ state) =>
    page.hosts.filter((host) => host.state === state).length
  const found = (/** @type {string} */ state) =>
    page.items.filter(({ status }) => status === state).length
  /** @returns {readonly [string, string, string | undefined]} */
  const figure = (/** @type {string} */ name, /** @type {number} */ value, status = name) => [
    name,
    count(value),
    value > 0 ? status : undefined,
  ]
  const last = page.checks.at(-1)
  return {
    what: 'Drift',
    outcome: driftOutcome(page),
    about: [
      `checked ${moment(page.time)} UTC`,
      `took ${duration(page.duration)}`,
      `${plural(last?.roundTrips ?? 0, 'round trip')}`,
      `run ${page.run}`,
      ...(page.failure === undefined ? [] : [`failed: ${page.failure}`]),
    ],
    figures: [
      figure('new', found('new')),
      figure('returned', found('returned')),
      figure('continuing', found('continuing')),
      figure('resolved', found('resolved')),
      figure(word('unseen'), found('unseen'), 'unseen'),
      figure('hosts with drift', hosts('drift'), 'drift'),
      figure('hosts without', hosts('clean'), 'clean'),
      figure('hosts unknown', hosts('unknown'), 'unknown'),
    ],
    sections: [
      section(
        {
          title: 'Over the checks',
          name: 'history',
          note: `${plural(page.checks.length, 'check')}, oldest first`,
        },
        h('div', { class: 'charts' }, ...charts(page)),
      ),
      section(
        { title: 'Hosts', name: 'hosts', note: 'Findings by role' },
        hostTable({
          caption: 'Hosts, and what was found by role',
          hosts: page.hosts,
          items: page.items,
          looked: (host, role) => new Map(host.tasks).get(role) ?? 0,
          columns: [
            ['tasks', ({ tasks }) => tasks.reduce((sum, [, looked]) => sum + looked, 0)],
            ['round trips', (host) => host.roundTrips],
            ...(page.hosts.some(({ checked }) => checked !== undefined)
              ? [
                  /** @type {import('./hosts.browser.js').Column<DriftPageHost>} */ ([
                    'checked (UTC)',
                    ({ checked }) => moment(checked ?? page.time),
                  ]),
                ]
              : []),
          ],
          show: (of) => {
            list.filter.show(of)
            reveal(list.filter.search)
          },
        }),
      ),
      section(
        {
          title: 'By host and day',
          name: 'days',
          note: 'The most findings that a check of the day saw; days are of UTC',
        },
        ...heatMap(page),
      ),
      section({ title: 'Findings', name: 'list' }, list.element),
    ],
    search: list.filter.search,
  }
}

/** @param {DriftPage} page */
function driftOutcome({ exitCode, checks, items }) {
  if (checks.length === 0) return { status: 'unknown', text: 'never checked' }
  const isUnseen = items.some(({ status }) => status === 'unseen')
  if (exitCode === 0 && isUnseen)
    return { status: 'unseen', text: 'no drift in what was looked at' }
  if (exitCode === 0) return { status: 'clean', text: 'no drift' }
  if (exitCode === 2) return { status: 'drift', text: 'drift' }
  const isFound = items.some(({ status }) => status !== 'resolved' && status !== 'unseen')
  return isFound
    ? { status: 'drift', text: 'drift, and not all is known' }
    : { status: 'unknown', text: 'not all is known' }
}

/** @param {DriftPage} page */
function charts({ checks }) {
  return [
    columnChart({
      title: 'Findings',
      checks,
      format: count,
      series: [
        { name: 'continuing', status: 'continuing', value: (check) => check.continuing },
        { name: 'returned', status: 'returned', value: (check) => check.returned },
        { name: 'new', status: 'new', value: (check) => check.new },
      ],
    }),
    columnChart({
      title: 'Duration',
      checks,
      format: duration,
      series: [{ name: 'duration', status: 'command', value: (check) => check.duration }],
    }),
    columnChart({
      title: 'Round trips',
      checks,
      format: count,
      series: [{ name: 'round trips', status: 'command', value: (check) => check.roundTrips }],
    }),
  ]
}

/** @param {DriftPage} page */
function heatMap({ hosts, days }) {
  const worst = (/** @type {DriftPageHost} */ host) => Math.max(0, ...host.days)
  const ordered = hosts.toSorted((a, b) => worst(b) - worst(a) || byName(a.name, b.name))
  const map = lanes({
    label: 'Findings by host and day',
    hosts: ordered,
    describe: (host) => heatWords(host, days),
    draw: (host, track) => {
      track.classList.add('heat')
      track.append(...host.days.map((found, at) => cell(found, days[at] ?? '')))
    },
    head: [dayAxis(days), scale()],
  })
  const table = asTable({
    label: 'Findings by host and day, as a table',
    // The newest first, as in the other tables.
    head: ['Host', ...days.toReversed()],
    items: ordered,
    cells: ({ name, days: own }) => [
      h('th', { scope: 'row' }, name),
      ...own.toReversed().map((found) => h('td', { class: 'number' }, foundWords(found))),
    ],
  })
  return [map, table]
}

/** @param {number} found */
function foundWords(found) {
  return found === -2 ? 'no check' : found === -1 ? 'unknown' : count(found)
}

/**
 * @param {DriftPageHost} host
 * @param {readonly string[]} days
 */
function heatWords({ name, days: own }, days) {
  const drifted = own.filter((found) => found > 0).length
  const unknown = own.filter((found) => found === -1).length
  const most = Math.max(0, ...own)
  const peak = most > 0 ? `, most ${count(most)} on ${days[own.indexOf(most)] ?? ''}` : ''
  const doubt = unknown > 0 ? `, unknown on ${plural(unknown, 'day')}` : ''
  return `${name}: drift on ${count(drifted)} of ${plural(own.length, 'day')}${peak}${doubt}`
}

/**
 * @param {number} found
 * @param {string} day
 */
function cell(found, day) {
  const said = found < 0 ? foundWords(found) : plural(found, 'finding')
  return h('i', { class: `heat-${level(found)}`, title: `${day}: ${said}` })
}

const levels = [1, 2, 4, 8]

/** @param {number} found */
function level(found) {
  if (found < 0) return found === -1 ? 'unknown' : 'none'
  return levels.filter((least) => found >= least).length
}

/** @param {readonly string[]} days */
function dayAxis(days) {
  const every = Math.max(1, Math.ceil(days.length / 8))
  return h(
    'div',
    { class: 'axis', 'aria-hidden': 'true' },
    ...days.flatMap((day, at) => {
      if (at % every !== 0) return []
      const mark = h('span', {}, day.slice(5))
      mark.style.insetInlineStart = `${(at / days.length) * 100}%`
      return [mark]
    }),
  )
}

function scale() {
  const names = ['none', '1', '2–3', '4–7', '8 and more']
  const item = (/** @type {string} */ name, /** @type {string | number} */ kind) =>
    h('li', {}, h('i', { class: `heat-${kind}` }), name)
  return h(
    'ul',
    { class: 'scale', 'aria-hidden': 'true' },
    ...names.map(item),
    item('unknown', 'unknown'),
    item('no check', 'none'),
  )
}
