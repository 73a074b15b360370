import { h } from './dom.browser.js'

/** Lanes that are drawn at once, and for paper. */
const few = 60

/**
 * One lane a host, drawn when it comes into view: hundreds of hosts cost nothing before.
 * @template {{ readonly name: string }} Host
 * @param {object} given
 * @param {string} given.label what the lanes show, for those who do not see them
 * @param {readonly Host[]} given.hosts
 * @param {(host: Host) => string} given.describe one lane in words
 * @param {(host: Host, track: HTMLElement) => void} given.draw
 * @param {readonly HTMLElement[]} given.head stands above the lanes
 */
export function lanes({ label, hosts, describe, draw, head }) {
  const box = h('div', { class: 'lanes', tabindex: 0, role: 'region', 'aria-label': label })
  /** @type {Map<Element, () => void>} */
  const undrawn = new Map()
  const drawNow = (/** @type {Element} */ track) => {
    undrawn.get(track)?.()
    undrawn.delete(track)
    observer.unobserve(track)
  }
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) drawNow(target)
    },
    { rootMargin: '300px' },
  )
  const list = h('ul', {})
  for (const host of hosts) {
    const track = h('div', { class: 'track', role: 'img', 'aria-label': describe(host) })
    undrawn.set(track, () => draw(host, track))
    list.append(h('li', {}, h('span', { class: 'name', title: host.name }, host.name), track))
    if (hosts.length <= few) drawNow(track)
    else observer.observe(track)
  }
  addEventListener('beforeprint', () => {
    for (const track of [...undrawn.keys()].slice(0, few)) drawNow(track)
  })
  box.append(...head, list)
  return box
}
