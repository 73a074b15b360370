const numbers = new Intl.NumberFormat('en')
const collator = new Intl.Collator('en', { numeric: true })

/** @param {number} value */
export function count(value) {
  return numbers.format(value)
}

/**
 * `1 host`, `2 hosts`.
 * @param {number} value
 * @param {string} noun
 */
export function plural(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

/**
 * Milliseconds as people say them.
 * @param {number} milliseconds
 */
export function duration(milliseconds) {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 9_950) return `${(milliseconds / 1_000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1_000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/**
 * ISO 8601 to the minute; the page says UTC where it matters.
 * @param {string} time
 */
export function moment(time) {
  return time.slice(0, 16).replace('T', ' ')
}

/**
 * How long before `end` something was: `3 days`.
 * @param {string} time
 * @param {string} end
 */
export function age(time, end) {
  const minutes = Math.max(0, (Date.parse(end) - Date.parse(time)) / 60_000)
  if (minutes < 1) return 'now'
  if (minutes < 60) return `${Math.round(minutes)} min`
  const hours = minutes / 60
  if (hours < 24) return `${Math.round(hours)} h`
  return plural(Math.round(hours / 24), 'day')
}

/**
 * Orders names as people do: `web2` before `web10`.
 * @param {string} a
 * @param {string} b
 */
export function byName(a, b) {
  return collator.compare(a, b)
}
