import { errorView } from './details.browser.js'
import { h, section } from './dom.browser.js'
import { count, duration, moment, plural } from './format.browser.js'
import { hostTable } from './hosts.browser.js'
import { itemList } from './list.browser.js'
import { sign } from './status.browser.js'
import { checkTable, slowestTable } from './tables.browser.js'
import { timeline } from './timeline.browser.js'

/** @import { RunHost, RunPage } from '../types.js' */
/** @import { PageParts } from './main.browser.js' */

/**
 * The page of a run.
 * @param {RunPage} page
 * @returns {PageParts}
 */
export function runParts(page) {
  const list = itemList(page, 'task')
  const sum = (/** @type {(host: RunHost) => number} */ of) =>
    page.hosts.reduce((total, host) => total + of(host), 0)
  const looked = lookedAt(page)
  const show = (/** @type {{ host?: string, role?: string }} */ of) => {
    list.filter.show(of)
    reveal(list.filter.search)
  }
  const checks = checkTable(page.items, (text) => {
    show({})
    list.filter.search.value = list.filter.wish.text = text
  })
  const slow = slowestTable(page.items)
  const changed = sum((host) => host.changed)
  return {
    what: page.check ? 'Check' : 'Run',
    outcome: runOutcome(page),
    about: [
      `${moment(page.time)} UTC`,
      `took ${duration(page.duration)}`,
      `run ${page.run}`,
      ...(page.exitCode === undefined ? [] : [`exit code ${page.exitCode}`]),
    ],
    figures: [
      ['hosts', count(page.hosts.length), undefined],
      [
        page.check ? 'would change' : 'changed',
        count(changed),
        changed > 0 ? 'changed' : undefined,
      ],
      [
        'failed',
        count(sum((host) => host.failed)),
        sum((host) => host.failed) ? 'failed' : undefined,
      ],
      ...unreachable(page),
      ['ok', count(sum((host) => host.ok)), undefined],
      ['unknown', count(sum((host) => host.unknown)), undefined],
      ['skipped', count(sum((host) => host.skipped)), undefined],
      ['round trips', count(sum((host) => host.roundTrips)), undefined],
    ],
    sections: [
      page.failures.length > 0 ? failures(page) : undefined,
      page.notes.length > 0 ? notes(page) : undefined,
      section(
        {
          title: 'Timeline',
          name: 'timeline',
          note: `${plural(page.plays.length, 'play')}, when each host was busy`,
        },
        timeline(page),
      ),
      section(
        { title: 'Hosts', name: 'hosts', note: 'What was changed, by role' },
        hostTable({
          caption: 'Hosts, their roles and figures',
          hosts: page.hosts,
          items: page.items,
          looked: (host, role) => looked.get(`${host.name}\n${role}`) ?? 0,
          columns: [
            ['ok', (host) => host.ok],
            ['changed', (host) => host.changed],
            ['failed', (host) => host.failed],
            ['skipped', (host) => host.skipped],
            ['unknown', (host) => host.unknown],
            ['round trips', (host) => host.roundTrips],
            [
              'busy',
              ({ bars }) => duration(bars.reduce((all, { from, to }) => all + to - from, 0)),
            ],
          ],
          show,
        }),
      ),
      checks && section({ title: 'Checks', name: 'checks' }, checks),
      slow && section({ title: 'Slowest tasks', name: 'slowest' }, slow),
      section({ title: 'Tasks', name: 'list' }, list.element),
    ],
    search: list.filter.search,
  }
}

/** @param {RunPage} page */
function runOutcome(page) {
  const { exitCode, check, hosts } = page
  const changes = hosts.some(({ changed, unknown }) => changed + unknown > 0)
  const states = new Set(hosts.map(({ state }) => state))
  if (exitCode === undefined) return { status: 'failed', text: 'cut off' }
  if (exitCode === 130) return { status: 'failed', text: 'interrupted' }
  if (page.failures.length > 0 || states.has('failed') || states.has('unreachable'))
    return states.has('failed') || !states.has('unreachable')
      ? { status: 'failed', text: 'failed' }
      : { status: 'unreachable', text: 'not all hosts reached' }
  if (exitCode !== 0 && !changes) return { status: 'failed', text: 'failed' }
  if (!changes) return { status: 'ok', text: 'nothing to change' }
  return check ? { status: 'changed', text: 'would change' } : { status: 'ok', text: 'done' }
}

/**
 * @param {RunPage} page
 * @returns {[string, string, string][]}
 */
function unreachable({ hosts }) {
  const lost = hosts.filter(({ state }) => state === 'unreachable').length
  return lost === 0 ? [] : [['unreachable', count(lost), 'unreachable']]
}

/** @param {RunPage} page */
function failures({ failures: all }) {
  return section(
    {
      title: 'Failures',
      name: 'failures',
      note: 'The play of each of these hosts has ended there',
    },
    h(
      'ul',
      { class: 'failures' },
      ...all.map(({ host, unreachable: lost, error }) => {
        const status = lost ? 'unreachable' : 'failed'
        return h('li', { class: `s-${status}` }, h('h3', {}, sign(status), host), errorView(error))
      }),
    ),
  )
}

/** @param {RunPage} page */
function notes({ notes: all }) {
  return section(
    { title: 'Notes', name: 'notes' },
    h(
      'ul',
      { class: 'notes' },
      ...all.map(({ level, host, text }) =>
        h('li', { class: level }, host === undefined ? undefined : h('b', {}, `${host} `), text),
      ),
    ),
  )
}

/**
 * @param {RunPage} page
 * @returns {Map<string, number>} by host and role
 */
function lookedAt({ items }) {
  const all = new Map()
  for (const { host, role, status } of items) {
    const key = `${host}\n${role}`
    if (status !== 'skipped') all.set(key, (all.get(key) ?? 0) + 1)
  }
  return all
}

/**
 * Goes to the list, where what was asked for is shown now.
 * @param {HTMLElement} search
 */
export function reveal(search) {
  search.closest('section')?.scrollIntoView({ block: 'start' })
  search.focus({ preventScroll: true })
}
