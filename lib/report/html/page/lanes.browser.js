import { h } from './dom.browser.js'
import { inPieces } from './pieces.browser.js'

/**
 * One lane a host.
 * @template {{ readonly name: string }} Host
 * @param {object} given
 * @param {string} given.label what the lanes show, for those who do not see them
 * @param {readonly Host[]} given.hosts
 * @param {(host: Host) => string} given.describe one lane in words
 * @param {(host: Host, track: HTMLElement) => void} given.draw
 * @param {readonly HTMLElement[]} given.head stands above the lanes
 */
export function lanes({ label, hosts, describe, draw, head }) {
  const list = h('ul', {})
  inPieces(list, hosts, (host) => {
    const track = h('div', { class: 'track', role: 'img', 'aria-label': describe(host) })
    draw(host, track)
    return h('li', {}, h('span', { class: 'name', title: host.name }, host.name), track)
  })
  return h(
    'div',
    { class: 'lanes', tabindex: 0, role: 'region', 'aria-label': label },
    ...head,
    list,
  )
}
