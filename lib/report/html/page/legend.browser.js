import { h } from './dom.browser.js'

/**
 * What the colours of a chart stand for. The charts say it in words as well.
 * @param {readonly { readonly name: string, readonly status: string }[]} entries
 */
export function legend(entries) {
  return h(
    'ul',
    { class: 'legend', 'aria-hidden': 'true' },
    ...entries.map(({ name, status }) => h('li', { class: `s-${status}` }, name)),
  )
}
