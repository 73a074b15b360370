/** Elements that are made at once. */
const piece = 40

/** What makes the rest of a list now, by its element. @type {Map<Element, () => void>} */
const rests = new Map()

/**
 * Fills an element with one child for each item: the first ones now, more whenever the last one
 * comes near, all of them before the page is printed. Hundreds of hosts cost nothing before.
 * @template Item
 * @param {Element} parent
 * @param {readonly Item[]} items
 * @param {(item: Item) => Element} make
 */
export function inPieces(parent, items, make) {
  let next = 0
  const add = (/** @type {number} */ end) => {
    parent.append(...items.slice(next, end).map(make))
    next = end
    if (next >= items.length) rests.delete(parent)
    else if (parent.lastElementChild) observer.observe(parent.lastElementChild)
  }
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return
      observer.disconnect()
      add(next + piece)
    },
    { rootMargin: '800px' },
  )
  // Lists that were drawn anew have left theirs behind.
  for (const left of rests.keys()) if (!left.isConnected) rests.delete(left)
  add(piece)
  if (next < items.length) rests.set(parent, () => add(items.length))
}

addEventListener('beforeprint', () => {
  for (const rest of rests.values()) rest()
})
