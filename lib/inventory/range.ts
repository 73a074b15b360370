const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/**
 * Every name that a name with ranges stands for: `[first:last]` or `[first:last:step]`, both ends
 * included, of numbers or single letters. A zero in front sets the width; no first number means 0.
 *
 * @example
 * expandRange('db[08:10]-[a:b]') // ['db08-a', 'db08-b', 'db09-a', 'db09-b', 'db10-a', 'db10-b']
 * @see ansible-core 2.14, plugins/inventory/__init__.py
 * @throws RangeError for a range that is not complete, or runs backwards
 */
export function expandRange(name: string): string[] {
  const open = name.indexOf('[')
  if (open === -1) return [name]
  const close = name.indexOf(']', open)
  if (close === -1) throw new RangeError('a range is not closed')
  const tails = expandRange(name.slice(close + 1))
  return members(name.slice(open + 1, close)).flatMap((member) =>
    tails.map((tail) => name.slice(0, open) + member + tail),
  )
}

function members(range: string): string[] {
  const [first = '', last = '', step = '1', ...more] = range.split(':')
  if (!range.includes(':') || more.length > 0)
    throw new RangeError(
      `the range "[${range}]" is not of the form [first:last] or [first:last:step]`,
    )
  if (last === '') throw new RangeError(`the range "[${range}]" has no end`)
  if (!/^[0-9]+$/.test(step) || Number(step) === 0)
    throw new RangeError(`the step of the range "[${range}]" is not a number above 0`)
  const texts = /^[a-z]$/i.test(first)
    ? lettersBetween(first, last)
    : numbersBetween(first === '' ? '0' : first, last)
  if (texts === undefined)
    throw new RangeError(`the range "[${range}]" is neither of two numbers nor of two letters`)
  if (texts.length === 0) throw new RangeError(`the range "[${range}]" runs backwards`)
  return texts.filter((_, index) => index % Number(step) === 0)
}

function lettersBetween(first: string, last: string): string[] | undefined {
  return /^[a-z]$/i.test(last)
    ? letters.slice(letters.indexOf(first), letters.indexOf(last) + 1).split('')
    : undefined
}

function numbersBetween(first: string, last: string): string[] | undefined {
  if (!/^[0-9]+$/.test(first) || !/^[0-9]+$/.test(last)) return undefined
  const width = first.startsWith('0') && first.length > 1 ? first.length : 0
  if (width > 0 && width !== last.length)
    throw new RangeError(`the ends of the range "[${first}:${last}]" differ in width`)
  const count = Math.max(0, Number(last) - Number(first) + 1)
  return Array.from({ length: count }, (_, index) =>
    String(Number(first) + index).padStart(width, '0'),
  )
}
