import { readFileSync } from 'node:fs'
import { HostwrightError } from '../core/errors.js'
import type { Place } from '../core/place.js'
import { readReason } from '../core/read-reason.js'
import { parseAddress } from './address.js'
import { nearMisses } from './near-misses.js'

/** What a pattern is matched against. */
export interface HostNamesByGroup {
  /** In inventory order. */
  readonly hosts: readonly string[]
  readonly groups: ReadonlyMap<string, readonly string[]>
}

interface Term {
  readonly text: string
  readonly place: Place | undefined
}

/** The names of the controller itself, which need not stand in the inventory. */
export const localNames: readonly string[] = ['localhost', '127.0.0.1', '::1']

/**
 * The names of the hosts that a pattern means, in inventory order.
 *
 * Terms are separated by commas, or else by colons: unions first, then `&` intersections, then `!`
 * exclusions, whatever their order. A term is a group or a host, a glob, `~` and a regular expression
 * from the start, `@` and a file with a term a line; `[0]`, `[-1]`, `[1:2]` and `[1:]` behind it
 * count.
 *
 * @see ansible-core 2.14, inventory/manager.py, which only warns of names that it does not know
 * @returns nothing where known groups leave no host: whether that is wrong, the caller knows
 * @throws HostwrightError INVENTORY_INVALID for an unknown name
 */
export function selectHosts(pattern: string, inventory: HostNamesByGroup): string[] {
  const terms = splitPattern(pattern).flatMap(readTerms)
  if (terms.length === 0) throw invalid(pattern, 'it is empty', undefined)
  const unions = terms.filter(({ text }) => !/^[!&]/.test(text))
  const selected = new Set<string>()
  for (const term of unions.length > 0 ? unions : [{ text: 'all', place: undefined }])
    for (const host of matchTerm(term, inventory)) selected.add(host)
  for (const term of terms.filter(({ text }) => text.startsWith('&'))) {
    const kept = new Set(matchTerm(withoutSign(term), inventory))
    for (const host of selected) if (!kept.has(host)) selected.delete(host)
  }
  for (const term of terms.filter(({ text }) => text.startsWith('!')))
    for (const host of matchTerm(withoutSign(term), inventory)) selected.delete(host)
  if (selected.size === 0 && inventory.hosts.length === 0)
    throw invalid(pattern, 'the inventory has no hosts', undefined)
  const implicit = [...selected].filter((host) => !inventory.hosts.includes(host))
  return [...inventory.hosts.filter((host) => selected.has(host)), ...implicit]
}

/** Colons separate only where the whole is no address or range. */
function splitPattern(pattern: string): string[] {
  const whole = pattern.trim()
  const parts = whole.includes(',')
    ? whole.split(',')
    : parseAddress(whole) !== undefined || whole.startsWith('@')
      ? [whole]
      : (whole.match(/(?:[^\s:[\]]|\[[^\]]*\])+/g) ?? [])
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

function readTerms(text: string): Term[] {
  if (!text.startsWith('@')) return [{ text, place: undefined }]
  const file = text.slice(1)
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch (error) {
    throw new HostwrightError(
      'INVENTORY_INVALID',
      `Cannot read host pattern "${text}": ${readReason(error)}`,
      { cause: error },
    )
  }
  return content
    .split('\n')
    .flatMap((line, index) =>
      line.trim() === '' ? [] : [{ text: line.trim(), place: { file, line: index + 1 } }],
    )
}

function withoutSign(term: Term): Term {
  return { ...term, text: term.text.slice(1) }
}

function matchTerm(term: Term, inventory: HostNamesByGroup): readonly string[] {
  if (inventory.hosts.includes(term.text)) return [term.text]
  const { expression, subscript } = splitSubscript(term)
  const hosts = matchExpression(expression, term, inventory)
  if (subscript === undefined || hosts.length === 0) return hosts
  const picked = pick(hosts, subscript)
  if (picked.length === 0)
    throw invalid(
      term.text,
      `it counts beyond the ${hosts.length} hosts of "${expression}"`,
      term.place,
    )
  return picked
}

function matchExpression(
  expression: string,
  term: Term,
  { hosts, groups }: HostNamesByGroup,
): string[] {
  const isPattern = /^~|[*?[]/.test(expression)
  const matcher = isPattern ? matcherOf(expression, term) : undefined
  const matches = (name: string) => matcher?.test(name) ?? name === expression
  const found = [...groups].filter(([name]) => matches(name))
  const members = found.flatMap(([, names]) => names)
  // A plain name that is a group's means the group alone.
  const named = found.length === 0 || isPattern ? hosts.filter(matches) : []
  if (found.length > 0 || named.length > 0 || isPattern) return [...new Set([...members, ...named])]
  if (localNames.includes(expression)) return [expression]
  const misses = nearMisses(expression, [...groups.keys(), ...hosts])
  throw invalid(
    term.text,
    `there is no group or host "${expression}"`,
    term.place,
    misses.length > 0
      ? `Did you mean ${misses.map((name) => `"${name}"`).join(' or ')}?`
      : `The groups are ${[...groups.keys()].join(', ')}`,
  )
}

function splitSubscript(term: Term): {
  readonly expression: string
  readonly subscript: string | undefined
} {
  const [, expression, subscript] = term.text.startsWith('~')
    ? []
    : (/^(.+)\[(-?[0-9]+|[0-9]+:[0-9]*)\]$/.exec(term.text) ?? [])
  return expression === undefined
    ? { expression: term.text, subscript: undefined }
    : { expression, subscript }
}

/** Both ends of a range count; an end of 0 is as good as none behind the first. */
function pick(hosts: readonly string[], subscript: string): readonly string[] {
  const [first = '', last] = subscript.split(':')
  if (last === undefined || (last !== '' && Number(last) === 0)) {
    const host = hosts.at(Number(first))
    return host === undefined ? [] : [host]
  }
  return hosts.slice(Number(first), last === '' ? undefined : Number(last) + 1)
}

function matcherOf(expression: string, term: Term): RegExp {
  try {
    return expression.startsWith('~')
      ? new RegExp(`^(?:${expression.slice(1)})`)
      : globPattern(expression)
  } catch (error) {
    throw invalid(
      term.text,
      `it is not a valid pattern: ${error instanceof Error ? error.message : ''}`,
      term.place,
    )
  }
}

/** Python's fnmatch: `*`, `?`, `[abc]` and `[!abc]`; a bracket that is not closed stands for itself. */
function globPattern(glob: string): RegExp {
  const source = glob.replaceAll(
    /\[(!?)(\]?[^\]]*)\]|[*?]|[^*?[]+|\[/g,
    (part, not: string | undefined, set: string | undefined) => {
      if (part === '*') return '.*'
      if (part === '?') return '.'
      if (set !== undefined)
        return `[${not === '!' ? '^' : ''}${set.replaceAll(/[\\^\]]/g, String.raw`\$&`)}]`
      return part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
    },
  )
  return new RegExp(`^(?:${source})$`, 's')
}

function invalid(
  pattern: string,
  reason: string,
  place: Place | undefined,
  hint?: string,
): HostwrightError {
  return new HostwrightError(
    'INVENTORY_INVALID',
    `Cannot use host pattern "${pattern}": ${reason}`,
    { place, hint },
  )
}
