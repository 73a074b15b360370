import { h, svg } from './dom.browser.js'
import { byName, duration, plural } from './format.browser.js'
import { legend } from './legend.browser.js'
import { lanes } from './lanes.browser.js'
import { byAttention, word } from './status.browser.js'

/** @import { PageBar, RunHost, RunPage } from '../types.js' */

/** Units of a lane's width; a bar is at least one wide, so that it can be seen. */
const width = 1_000

/**
 * When each host was busy, under the plays.
 * @param {RunPage} page
 */
export function timeline(page) {
  const whole = Math.max(page.duration, 1)
  const chart = lanes({
    label: 'Timeline by host',
    hosts: page.hosts.toSorted((a, b) => byName(a.name, b.name)),
    describe: busyWords,
    draw: ({ bars }, track) => track.append(drawn(bars, whole)),
    head: [axis(whole), plays(page, whole)],
  })
  return h(
    'div',
    {},
    legend(present(page).map((status) => ({ name: word(status), status }))),
    chart,
  )
}

/** @param {RunPage} page */
function present({ hosts }) {
  const all = new Set(hosts.flatMap(({ bars }) => bars.map(({ status }) => status)))
  return [...all].toSorted(byAttention)
}

/** @param {RunHost} host */
function busyWords({ name, bars }) {
  if (bars.length === 0) return `${name}: no work of its own`
  const busy = bars.reduce((sum, { from, to }) => sum + to - from, 0)
  const longest = bars.reduce((a, b) => (b.to - b.from > a.to - a.from ? b : a))
  const took = duration(longest.to - longest.from)
  return `${name}: busy for ${duration(busy)} in ${plural(bars.length, 'step')}, longest ${longest.title}, ${took}`
}

/**
 * @param {readonly PageBar[]} bars
 * @param {number} whole
 */
function drawn(bars, whole) {
  const scale = width / whole
  const drawing = svg('svg', { viewBox: `0 0 ${width} 10`, preserveAspectRatio: 'none' })
  for (const { from, to, status, titles } of joined(bars, whole / width)) {
    const bar = svg('rect', {
      x: (from * scale).toFixed(2),
      y: 0,
      width: Math.max((to - from) * scale - 0.4, 1).toFixed(2),
      height: 10,
      class: `s-${status}`,
    })
    const [first = '', ...others] = titles
    const more = others.length > 0 ? ` and ${plural(others.length, 'other')}` : ''
    const text = `${first}${more}\n${word(status)}, ${duration(to - from)}`
    bar.append(svg('title', {}, text))
    drawing.append(bar)
  }
  return drawing
}

/**
 * Bars that could not be told apart become one.
 * @param {readonly PageBar[]} bars
 * @param {number} nearest
 */
function joined(bars, nearest) {
  /** @type {{ from: number, to: number, status: string, titles: string[] }[]} */
  const result = []
  for (const { from, to, status, title } of bars.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1)
    const isSmall = to - from < nearest * 2
    if (last && isSmall && last.status === status && from - last.to < nearest) {
      last.to = Math.max(last.to, to)
      last.titles.push(title)
    } else result.push({ from, to, status, titles: [title] })
  }
  return result
}

/**
 * Where each play began; the names stand in rows so that they do not cover each other.
 * @param {RunPage} page
 * @param {number} whole
 */
function plays(page, whole) {
  return h(
    'ol',
    { class: 'plays', 'aria-label': 'Plays' },
    ...page.plays.map(({ name, from }, at) => {
      const end = page.plays[at + 1]?.from ?? whole
      const item = h('li', { title: `${name}, from ${duration(from)}` }, h('span', {}, name))
      item.style.insetInlineStart = `${(from / whole) * 100}%`
      item.style.inlineSize = `${Math.max(0, (end - from) / whole) * 100}%`
      return item
    }),
  )
}

const seconds = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200]

/** @param {number} whole */
function axis(whole) {
  const tick = 1_000 * (seconds.find((one) => whole / (one * 1_000) <= 7) ?? whole / 6_000)
  const ticks = Array.from({ length: Math.floor(whole / tick) + 1 }, (_, at) => at * tick)
  return h(
    'div',
    { class: 'axis', 'aria-hidden': 'true' },
    ...ticks.map((at) => {
      const mark = h('span', {}, at === 0 ? '0' : duration(at))
      mark.style.insetInlineStart = `${(at / whole) * 100}%`
      return mark
    }),
  )
}
