import { diffView } from './diff.browser.js'
import { h } from './dom.browser.js'
import { age, duration, moment } from './format.browser.js'

/** @import { Page, PageChange, PageError, PageItem } from '../types.js' */

const sides = new Map([
  ['host', 'The host has changed, the playbook has not'],
  ['code', 'The playbook has changed, the host has not'],
  ['both', 'The host and the playbook have both changed'],
  ['unknown', 'No earlier check knew this task'],
])

/**
 * All that is known of an item, for when it is opened.
 * @param {PageItem} item
 * @param {Page} page
 */
export function itemDetails(item, page) {
  const plain = item.changes.filter(({ diff }) => diff === undefined)
  return h(
    'div',
    { class: 'more' },
    plain.length === 0 ? undefined : changeTable(plain, page.kind === 'drift'),
    ...item.changes.map((change) => diffOf(change, page)),
    item.error && errorView(item.error),
    facts([
      ['Why', item.reason],
      ['Side', item.side && sides.get(item.side)],
      ['Since', item.since && `${moment(item.since)} UTC (${age(item.since, page.time)})`],
      ['On the host', item.evidence?.join('\n')],
      ['Place', item.place],
      ['Took', item.duration ? duration(item.duration) : undefined],
    ]),
  )
}

/**
 * @param {PageChange} change
 * @param {Page} page
 */
function diffOf({ property, from, to, diff }, page) {
  const found = diff === undefined ? undefined : page.diffs[diff]
  return found && diffView(found, `${property}: ${from} → ${to}`)
}

/**
 * @param {readonly PageChange[]} changes
 * @param {boolean} isDrift
 */
function changeTable(changes, isDrift) {
  const head = isDrift
    ? ['Property', 'On the host', 'As the playbook says']
    : ['Property', 'From', 'To']
  return h(
    'table',
    { class: 'changes' },
    h('caption', { class: 'hidden' }, isDrift ? 'What differs' : 'What changed'),
    h('thead', {}, h('tr', {}, ...head.map((text) => h('th', { scope: 'col' }, text)))),
    h(
      'tbody',
      {},
      ...changes.map(({ property, from, to }) =>
        h('tr', {}, h('th', { scope: 'row' }, property), h('td', {}, from), h('td', {}, to)),
      ),
    ),
  )
}

/**
 * An error with all that it knows; what led to it stands below it.
 * @param {PageError} error
 * @returns {HTMLElement}
 */
export function errorView({ code, message, details, stderr, hint, cause }) {
  return h(
    'div',
    { class: 'error' },
    h('p', { class: 'message' }, message),
    hint === undefined
      ? undefined
      : h('p', { class: 'hint' }, h('b', {}, 'What to do'), ` ${hint}`),
    facts([...(code === undefined ? [] : [/** @type {const} */ (['code', code])]), ...details]),
    stderr === undefined
      ? undefined
      : h(
          'pre',
          { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Standard error' },
          stderr,
        ),
    cause && h('div', { class: 'cause' }, h('p', {}, 'Because of'), errorView(cause)),
  )
}

/** What is written as it stands in a file or a terminal. */
const literal = new Set(['On the host', 'Place', 'code', 'task', 'place', 'command'])

/** @param {readonly (readonly [string, string | undefined])[]} pairs */
function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== undefined && value !== '')
  if (known.length === 0) return undefined
  return h(
    'dl',
    { class: 'facts' },
    ...known.flatMap(([name, value]) => [
      h('dt', {}, name),
      h('dd', { class: literal.has(name) ? 'literal' : undefined }, value),
    ]),
  )
}
