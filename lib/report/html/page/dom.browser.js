/** @typedef {string | number | boolean | undefined | ((event: any) => void)} Attribute */
/** @typedef {Node | string | number | undefined} Child */

/**
 * An element. Texts become text nodes, so that nothing in the data can become markup; a function is
 * listened with (`onclick`).
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Readonly<Record<string, Attribute>>} [attributes]
 * @param {readonly Child[]} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  give(element, attributes)
  for (const child of children)
    if (child !== undefined) element.append(typeof child === 'number' ? String(child) : child)
  return element
}

/**
 * An element of SVG.
 * @param {string} name
 * @param {Readonly<Record<string, Attribute>>} [attributes]
 * @param {readonly Child[]} children
 */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  give(element, attributes)
  for (const child of children) if (child !== undefined) element.append(String(child))
  return element
}

/**
 * @param {Element} element
 * @param {Readonly<Record<string, Attribute>>} attributes
 */
function give(element, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key.slice(2), value)
    else if (value !== undefined && value !== false)
      element.setAttribute(key, value === true ? '' : String(value))
  }
}

/** Counts ids, which must not depend on names from the data. */
let ids = 0

/**
 * A section with its heading, for the page's outline.
 * @param {{ title: string, note?: string, name: string }} about `name` is its address in the page
 * @param {readonly Child[]} children
 */
export function section({ title, note, name }, ...children) {
  const id = `heading-${(ids += 1)}`
  return h(
    'section',
    { id: name, 'aria-labelledby': id },
    h('header', {}, h('h2', { id }, title), note === undefined ? undefined : h('p', {}, note)),
    ...children,
  )
}
