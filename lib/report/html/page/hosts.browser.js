import { h } from './dom.browser.js'
import { byName, count } from './format.browser.js'
import { inPieces } from './pieces.browser.js'
import { byAttention, sign, word } from './status.browser.js'

/** @import { PageHost, PageItem } from '../types.js' */

/**
 * A column of figures: its head, and what it shows of a host.
 * @template Host
 * @typedef {readonly [string, (host: Host) => string | number]} Column
 */

/**
 * Every host with its state, its roles and its figures; a click shows in the list what is behind one.
 * @template {PageHost} Host
 * @param {object} given
 * @param {string} given.caption
 * @param {readonly Host[]} given.hosts
 * @param {readonly PageItem[]} given.items
 * @param {(host: Host, role: string) => number} given.looked how many tasks of a role were looked at
 * @param {readonly Column<Host>[]} given.columns
 * @param {(of: { host: string, role?: string }) => void} given.show
 */
export function hostTable({ caption, hosts, items, looked, columns, show }) {
  const cells = tallied(items)
  const roles = [...new Set(items.map(({ role }) => role))].filter((role) => role !== '')
  const named = [...new Set([...roles, ...rolesOf(hosts)])].toSorted(byName)
  const ordered = hosts.toSorted((a, b) => byAttention(a.state, b.state) || byName(a.name, b.name))
  const col = (/** @type {string} */ text, /** @type {string} */ kind) =>
    h('th', { scope: 'col', class: kind }, h('span', {}, ...breakable(text)))
  const body = h('tbody', {})
  inPieces(body, ordered, row)
  return h(
    'div',
    { class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      { class: 'hosts' },
      h('caption', { class: 'hidden' }, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          col('Host', ''),
          col('State', ''),
          ...named.map((role) => col(role, 'role')),
          ...columns.map(([name]) => col(name, 'number')),
        ),
      ),
      body,
    ),
  )

  /** @param {Host} host */
  function row(host) {
    return h(
      'tr',
      {},
      h(
        'th',
        { scope: 'row' },
        h('button', { type: 'button', onclick: () => show({ host: host.name }) }, host.name),
      ),
      h(
        'td',
        { class: `state s-${host.state}` },
        h('span', {}, sign(host.state), word(host.state)),
        host.reason === undefined ? undefined : h('small', {}, host.reason),
      ),
      ...named.map((role) => h('td', { class: 'role' }, ...cell(host, role))),
      ...columns.map(([, value]) => {
        const shown = value(host)
        const text = typeof shown === 'number' ? count(shown) : shown
        return h('td', { class: shown === 0 ? 'number zero' : 'number' }, text)
      }),
    )
  }

  /**
   * @param {Host} host
   * @param {string} role
   */
  function cell(host, role) {
    const tally = cells.get(host.name)?.get(role) ?? new Map()
    const loud = [...tally.keys()].filter((status) => !calm.has(status)).toSorted(byAttention)
    const all = looked(host, role)
    if (loud.length === 0 && all === 0)
      return [h('span', { class: 'none', title: 'not done' }, '·')]
    if (loud.length === 0)
      return [
        h(
          'span',
          { class: 's-ok quiet', title: `${count(all)} looked at` },
          sign('ok'),
          h('span', { class: 'hidden' }, `${count(all)} as wished`),
        ),
      ]
    const said = loud.map((status) => `${count(tally.get(status))} ${word(status)}`).join(', ')
    const unseen = (/** @type {string} */ text) => h('span', { class: 'hidden' }, text)
    return [
      h(
        'button',
        {
          type: 'button',
          title: `${said}${all > 0 ? ` of ${count(all)}` : ''}`,
          onclick: () => show({ host: host.name, role }),
        },
        unseen(`${host.name}, ${role}: `),
        ...loud.map((status, at) =>
          h(
            'span',
            { class: `s-${status}` },
            sign(status),
            count(tally.get(status)),
            unseen(` ${word(status)}${at < loud.length - 1 ? ', ' : ''}`),
          ),
        ),
      ),
    ]
  }
}

/**
 * A long name of a role may be broken after a low line, and nowhere else.
 * @param {string} name
 * @returns {readonly (Node | string)[]}
 */
function breakable(name) {
  return name.split(/(?<=_)/).flatMap((part, at) => (at === 0 ? [part] : [h('wbr'), part]))
}

/** Statuses that a cell does not count. */
const calm = new Set(['ok', 'skipped', 'resolved'])

/**
 * @param {readonly PageItem[]} items
 * @returns {Map<string, Map<string, Map<string, number>>>} by host, role and status
 */
function tallied(items) {
  const hosts = new Map()
  for (const { host, role, status } of items) {
    const roles = hosts.get(host) ?? new Map()
    const tally = roles.get(role) ?? new Map()
    hosts.set(host, roles.set(role, tally.set(status, (tally.get(status) ?? 0) + 1)))
  }
  return hosts
}

/**
 * A drift check tells as well of the roles in which nothing was found.
 * @param {readonly (PageHost & { readonly tasks?: readonly (readonly [string, number])[] })[]} hosts
 */
function rolesOf(hosts) {
  return hosts
    .flatMap(({ tasks = [] }) => tasks.map(([role]) => role))
    .filter((role) => role !== '')
}
