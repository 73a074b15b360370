import { h } from './dom.browser.js'
import { byName, count } from './format.browser.js'
import { byAttention, sign, word } from './status.browser.js'

/** @import { PageItem } from '../types.js' */

/**
 * What the list shows; an empty text is no wish.
 * @typedef {object} Wish
 * @property {string} text
 * @property {string} host
 * @property {string} role
 * @property {string} side
 * @property {Set<string>} statuses
 * @property {'host' | 'role' | 'title'} group
 */

/** Tasks that want no look: hidden until asked for. */
const quiet = new Set(['ok', 'skipped'])

/**
 * The controls above the list. They change `wish` and tell so.
 * @param {readonly PageItem[]} items
 * @param {() => void} changed
 */
export function filterBar(items, changed) {
  const tally = new Map()
  for (const { status } of items) tally.set(status, (tally.get(status) ?? 0) + 1)
  const present = [...tally.keys()].toSorted(byAttention)
  const loud = present.filter((status) => !quiet.has(status))
  /** @type {Wish} */
  const wish = {
    text: '',
    host: '',
    role: '',
    side: '',
    statuses: new Set(loud.length > 0 ? loud : present),
    group: 'host',
  }
  const search = h('input', {
    type: 'search',
    id: 'filter',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'Filter: words of a task, value, file…',
    'aria-keyshortcuts': '/',
    oninput: () => {
      wish.text = search.value
      changed()
    },
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== 'Escape') return
      search.value = wish.text = ''
      changed()
      search.blur()
    },
  })
  const choose = (/** @type {'host' | 'role' | 'side'} */ key, /** @type {string} */ all) => {
    const values = [...new Set(items.map((item) => item[key] ?? ''))].filter(
      (value) => value !== '',
    )
    const select = h(
      'select',
      {
        'aria-label': key,
        onchange: () => {
          wish[key] = select.value
          changed()
        },
      },
      h('option', { value: '' }, all),
      ...values.toSorted(byName).map((value) => h('option', { value }, value)),
    )
    return { select, isNeeded: values.length > 1 }
  }
  const host = choose('host', 'all hosts')
  const role = choose('role', 'all roles')
  const side = choose('side', 'all sides')
  const boxes = new Map(
    present.map((status) => [
      status,
      h('input', {
        type: 'checkbox',
        checked: wish.statuses.has(status),
        onchange: (/** @type {Event} */ event) => {
          if (/** @type {HTMLInputElement} */ (event.target).checked) wish.statuses.add(status)
          else wish.statuses.delete(status)
          changed()
        },
      }),
    ]),
  )
  const group = h(
    'select',
    {
      id: 'group',
      onchange: () => {
        wish.group = /** @type {Wish['group']} */ (group.value)
        changed()
      },
    },
    ...['host', 'role', 'task'].map((name) =>
      h('option', { value: name === 'task' ? 'title' : name }, `by ${name}`),
    ),
  )
  const bar = h(
    'form',
    {
      class: 'filter',
      role: 'search',
      'aria-label': 'Filter of the list',
      onsubmit: (/** @type {Event} */ event) => event.preventDefault(),
    },
    h('label', { class: 'hidden', for: 'filter' }, 'Filter by text'),
    h('div', { class: 'search' }, search, h('kbd', { 'aria-hidden': 'true' }, '/')),
    ...[host, role, side].filter(({ isNeeded }) => isNeeded).map(({ select }) => select),
    h('label', { class: 'hidden', for: 'group' }, 'Group'),
    group,
    h(
      'fieldset',
      { class: 'chips' },
      h('legend', { class: 'hidden' }, 'Status'),
      ...present.map((status) =>
        h(
          'label',
          {},
          boxes.get(status),
          h('span', {}, sign(status), word(status), h('b', {}, count(tally.get(status)))),
        ),
      ),
    ),
  )
  return {
    bar,
    search,
    wish,
    /**
     * Shows what is of a host, and of a role of it, whatever was wished before.
     * @param {{ host?: string, role?: string }} of
     */
    show(of) {
      search.value = wish.text = ''
      host.select.value = wish.host = of.host ?? ''
      role.select.value = wish.role = of.role ?? ''
      side.select.value = wish.side = ''
      changed()
    },
    /** Whether anything but the statuses is wished. */
    narrowed: () => [wish.text, wish.host, wish.role, wish.side].some((value) => value !== ''),
  }
}
