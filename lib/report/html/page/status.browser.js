import { svg } from './dom.browser.js'

const tick = 'M2.5 6.5 5 9l4.5-6'
const cross = 'm3 3 6 6m0-6-6 6'
const triangle = 'M6 2.2 10.3 10H1.7Z'
const question = 'M4 4.4a2 2 0 1 1 3 1.7c-.7.4-1 .7-1 1.4m0 2.3v.1'

/**
 * Every status of a task, state of a host or of a finding: its word and its sign, so that nothing
 * is told by colour alone. The order is that of attention.
 * @type {Readonly<Record<string, { readonly word: string, readonly sign: string }>>}
 */
export const statuses = {
  unreachable: { word: 'unreachable', sign: 'M6 2a4 4 0 1 0 .01 0M3.2 8.8l5.6-5.6' },
  failed: { word: 'failed', sign: cross },
  new: { word: 'new', sign: 'M6 2.2v7.6M2.2 6h7.6' },
  returned: { word: 'returned', sign: 'M9.6 6.5A3.6 3.6 0 1 1 8.7 3.6M9 1.4v2.5H6.5' },
  continuing: { word: 'continuing', sign: 'M2.5 4.4h7m-7 3.2h7' },
  unseen: { word: 'not looked at', sign: 'M1.5 6s1.7-2.8 4.5-2.8S10.5 6 10.5 6M2.5 10 9.5 2' },
  drift: { word: 'drift', sign: triangle },
  unknown: { word: 'unknown', sign: question },
  changed: { word: 'changed', sign: triangle },
  resolved: { word: 'resolved', sign: tick },
  clean: { word: 'no drift', sign: tick },
  ok: { word: 'ok', sign: tick },
  skipped: { word: 'skipped', sign: 'M3 6h6' },
  command: { word: 'command', sign: 'm3 3 3 3-3 3m4 0h2.5' },
  idle: { word: 'nothing done', sign: 'M3 6h6' },
}

/** @param {string} status */
export function word(status) {
  return statuses[status]?.word ?? status
}

/**
 * The sign of a status; the word stands beside it, or in the name of what holds it.
 * @param {string} status
 */
export function sign(status) {
  const icon = svg('svg', {
    class: `sign s-${status}`,
    viewBox: '0 0 12 12',
    'aria-hidden': 'true',
  })
  icon.append(svg('path', { d: statuses[status]?.sign ?? 'M3 6h6' }))
  return icon
}

/**
 * Orders statuses by the attention that they want.
 * @param {string} a
 * @param {string} b
 */
export function byAttention(a, b) {
  return order.indexOf(a) - order.indexOf(b)
}

const order = Object.keys(statuses)
