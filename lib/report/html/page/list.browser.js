import { itemDetails } from './details.browser.js'
import { h } from './dom.browser.js'
import { filterBar } from './filter.browser.js'
import { age, byName, count, duration, plural } from './format.browser.js'
import { inPieces } from './pieces.browser.js'
import { byAttention, sign, word } from './status.browser.js'

/** @import { Page, PageItem } from '../types.js' */
/** @import { Wish } from './filter.browser.js' */

/** Groups are open by themselves where all lines of the list fit on a few screens. */
const fewEnough = 60
/** Lines that are drawn at once; a button brings the next. */
const step = 100

/**
 * The filtered, grouped list of all items. A group's lines are made when it is opened, and a line's
 * details when it is: thousands of them cost nothing before.
 * @param {Page} page
 * @param {string} noun
 */
export function itemList(page, noun) {
  const texts = new Map(page.items.map((item) => [item, searchText(item)]))
  /** Groups that the reader has opened or closed. @type {Map<string, boolean>} */
  const chosen = new Map()
  const status = h('p', { role: 'status', 'aria-live': 'polite' })
  const groups = h('div', { class: 'groups', onkeydown: moveByArrows })
  let due = 0
  const filter = filterBar(page.items, () => {
    cancelAnimationFrame(due)
    due = requestAnimationFrame(draw)
  })
  const { wish } = filter

  function draw() {
    const words = wish.text.toLowerCase().split(/\s+/).filter(Boolean)
    const inScope = page.items.filter((item) => matches(item, texts.get(item) ?? '', words, wish))
    const shown = inScope.filter((item) => wish.statuses.has(item.status))
    const hosts = new Set(shown.map(({ host }) => host)).size
    const of = shown.length === page.items.length ? '' : ` of ${count(page.items.length)}`
    status.textContent = `${count(shown.length)}${of} ${noun}s on ${plural(hosts, 'host')}`
    const isOpen = shown.length <= fewEnough
    const fresh = h('div', {})
    groups.replaceChildren(shown.length > 0 ? fresh : nothing(inScope.length))
    inPieces(fresh, [...grouped(shown, wish.group)], ([key, items]) =>
      groupView({ key, items, page, by: wish.group, chosen, isOpen, noun }),
    )
  }

  /** @param {number} hidden */
  function nothing(hidden) {
    const text = hidden > 0 ? `${plural(hidden, noun)} of another status` : `No ${noun} like this`
    return h('p', { class: 'nothing' }, text)
  }

  draw()
  addEventListener('beforeprint', () => {
    for (const details of groups.querySelectorAll('details.group'))
      if (page.items.length <= step) details.setAttribute('open', '')
  })
  return { element: h('div', { class: 'list' }, filter.bar, status, groups), filter }
}

/** @param {PageItem} item */
function searchText({ host, role, title, changes, reason, place, error, evidence }) {
  const values = changes.flatMap(({ property, from, to }) => [property, from, to])
  const all = [host, role, title, ...values, reason, place, error?.code, error?.message, evidence]
  return all.join('\n').toLowerCase()
}

/**
 * @param {PageItem} item
 * @param {string} text
 * @param {readonly string[]} words
 * @param {Wish} wish
 */
function matches(item, text, words, { host, role, side }) {
  if (host !== '' && item.host !== host) return false
  if (role !== '' && item.role !== role) return false
  if (side !== '' && item.side !== side) return false
  return words.every((one) => text.includes(one))
}

/**
 * @param {readonly PageItem[]} items
 * @param {Wish['group']} by
 * @returns {Map<string, PageItem[]>}
 */
function grouped(items, by) {
  const groups = new Map()
  for (const item of items) {
    const own = groups.get(item[by])
    if (own === undefined) groups.set(item[by], [item])
    else own.push(item)
  }
  const entries = [...groups]
  // What is found most often comes first; hosts and roles are looked up by name.
  entries.sort(
    ([a, left], [b, right]) => (by === 'title' ? right.length - left.length : 0) || byName(a, b),
  )
  return new Map(entries)
}

/**
 * @param {object} given
 * @param {string} given.key
 * @param {readonly PageItem[]} given.items
 * @param {Page} given.page
 * @param {Wish['group']} given.by
 * @param {Map<string, boolean>} given.chosen
 * @param {boolean} given.isOpen
 * @param {string} given.noun
 */
function groupView({ key, items, page, by, chosen, isOpen, noun }) {
  const lines = h('ul', {})
  const fill = () => {
    if (lines.childElementCount === 0) addLines(lines, items, page, by, 0)
  }
  const opened = chosen.get(`${by} ${key}`) ?? isOpen
  if (opened) fill()
  const tally = new Map()
  for (const { status } of items) tally.set(status, (tally.get(status) ?? 0) + 1)
  const details = h(
    'details',
    {
      class: 'group',
      open: opened,
      ontoggle: () => {
        if (details.open) fill()
        if (details.open !== opened) chosen.set(`${by} ${key}`, details.open)
      },
    },
    h(
      'summary',
      {},
      h('h3', {}, key === '' ? 'without a role' : key),
      h(
        'span',
        { class: 'tally' },
        h('span', { class: 'hidden' }, `${plural(items.length, noun)}: `),
        ...[...tally.keys()]
          .toSorted(byAttention)
          .map((name) =>
            h(
              'span',
              { class: `s-${name}` },
              sign(name),
              `${count(tally.get(name))} ${word(name)}`,
            ),
          ),
      ),
    ),
    lines,
  )
  return details
}

/**
 * @param {HTMLUListElement} list
 * @param {readonly PageItem[]} items
 * @param {Page} page
 * @param {Wish['group']} by
 * @param {number} start
 */
function addLines(list, items, page, by, start) {
  const end = start + step
  list.append(...items.slice(start, end).map((item) => lineView(item, page, by)))
  const left = items.length - end
  if (left <= 0) return
  const more = h(
    'li',
    {},
    h(
      'button',
      {
        type: 'button',
        onclick: () => {
          more.remove()
          addLines(list, items, page, by, end)
          // The button that was pressed is gone; reading goes on where it was.
          const next = list.children[end]?.querySelector('summary')
          next?.focus()
        },
      },
      `Show ${count(Math.min(step, left))} more of ${count(left)}`,
    ),
  )
  list.append(more)
}

/**
 * @param {PageItem} item
 * @param {Page} page
 * @param {Wish['group']} by
 */
function lineView(item, page, by) {
  const details = h(
    'details',
    {
      class: 'line',
      ontoggle: () => {
        if (details.open && details.childElementCount === 1) details.append(itemDetails(item, page))
      },
    },
    h(
      'summary',
      {},
      h('span', { class: `state s-${item.status}` }, sign(item.status), word(item.status)),
      h('span', { class: 'who' }, by === 'host' ? item.role : item.host),
      h('span', { class: 'what' }, by === 'title' ? item.role : kindOf(item) + item.title),
      h('span', { class: 'change' }, ...changeSummary(item, page)),
      h('span', { class: 'when' }, whenOf(item, page)),
    ),
  )
  return h('li', {}, details)
}

/** @param {PageItem} item */
function kindOf({ kind }) {
  return kind === 'check' || kind === 'handler' ? `${kind} ` : ''
}

/**
 * @param {PageItem} item
 * @param {Page} page
 * @returns {readonly (Node | string)[]}
 */
function changeSummary({ changes, error, reason }, page) {
  const [first, second] = changes
  if (error) return [error.message]
  if (!first) return [reason ?? '']
  if (second) return [changes.map(({ property }) => property).join(', ')]
  const diff = first.diff === undefined ? undefined : page.diffs[first.diff]
  const name = h('b', {}, first.property)
  if (diff && diff.added + diff.removed > 0)
    return [name, ` +${count(diff.added)} −${count(diff.removed)} lines`]
  return [name, ' ', h('s', {}, first.from), ' → ', first.to]
}

/**
 * @param {PageItem} item
 * @param {Page} page
 */
function whenOf(item, page) {
  if (item.since !== undefined) return age(item.since, page.time)
  return item.duration ? duration(item.duration) : ''
}

/**
 * Arrows go through the lines that are seen, and open and close them.
 * @param {KeyboardEvent} event
 */
function moveByArrows(event) {
  const here = /** @type {Element} */ (event.target).closest('summary')
  const box = /** @type {HTMLElement} */ (event.currentTarget)
  if (!here || event.altKey || event.ctrlKey || event.metaKey) return
  const details = /** @type {HTMLDetailsElement} */ (here.parentElement)
  if (event.key === 'ArrowRight') details.open = true
  else if (event.key === 'ArrowLeft' && details.open) details.open = false
  else if (event.key === 'ArrowLeft') details.closest('.group')?.querySelector('summary')?.focus()
  else {
    const all = [...box.querySelectorAll('summary')].filter((one) => one.checkVisibility())
    const at = all.indexOf(here)
    const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }
    const next = places[/** @type {keyof typeof places} */ (event.key)]
    if (next === undefined) return
    all[next]?.focus()
  }
  event.preventDefault()
}
