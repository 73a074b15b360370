import { HostwrightError } from '../core/errors.js'
import { Secret } from '../core/secret.js'
import type { InventoryHost } from '../inventory/types.js'

/** Reads Ansible's variables of one host; each method takes a variable's name and its aliases. */
export interface HostVariables {
  text(...names: readonly string[]): string | undefined
  /** A number from 1 to `most`, or a text of digits as INI files and `-e` give it. */
  number(most: number, ...names: readonly string[]): number | undefined
  /** Ansible's truth values: true, 'yes', 'on', '1' and their like. */
  boolean(...names: readonly string[]): boolean | undefined
  /** Refuses a variable that is set. */
  never(name: string, why: string, hint: string): void
  /** The error for a value that cannot be used. */
  invalid(name: string, what: string, hint: string): HostwrightError
}

const yes = new Set(['y', 'yes', 'on', '1', 'true', 't'])
const no = new Set(['n', 'no', 'off', '0', 'false', 'f'])

/**
 * The typed reader of a host's variables. Of a name and its aliases the last that is set wins, as in
 * Ansible; null counts as not set.
 *
 * @throws HostwrightError VARIABLE_INVALID for a value of the wrong type, at the place of the value
 */
export function hostVariables(host: InventoryHost): HostVariables {
  function invalid(name: string, what: string, hint: string): HostwrightError {
    const message = `Cannot use "${name}" of "${host.name}": ${what}`
    return new HostwrightError('VARIABLE_INVALID', message, {
      host: host.name,
      place: host.origin(name),
      hint,
    })
  }

  function read<T>(
    names: readonly string[],
    kind: string,
    parse: (value: unknown) => T | undefined,
  ): T | undefined {
    const name = names.findLast((each) => (host.vars[each] ?? undefined) !== undefined)
    if (name === undefined) return undefined
    const value = host.vars[name]
    const plain = value instanceof Secret ? (value.reveal() as unknown) : value
    const parsed = parse(plain)
    // The value is not shown: it may be a password.
    if (parsed === undefined)
      throw invalid(name, `it is ${describe(plain)}, not ${kind}`, `Give it ${kind}`)
    return parsed
  }

  return {
    invalid,
    text: (...names) =>
      read(names, 'a text in quotes', (value) =>
        typeof value === 'string' && value !== '' ? value : undefined,
      ),
    number: (most, ...names) =>
      read(names, `a whole number from 1 to ${most}`, (value) => {
        const digits = typeof value === 'string' && /^\d+$/.test(value.trim())
        const number = digits ? Number(value) : value
        return isWhole(number) && number >= 1 && number <= most ? number : undefined
      }),
    boolean: (...names) =>
      read(names, 'true or false', (value) => {
        const word = String(value).toLowerCase()
        return yes.has(word) ? true : no.has(word) ? false : undefined
      }),
    never(name, why, hint) {
      if ((host.vars[name] ?? undefined) !== undefined) throw invalid(name, why, hint)
    },
  }
}

function isWhole(value: unknown): value is number {
  return Number.isInteger(value)
}

function describe(value: unknown): string {
  if (value === '') return 'an empty text'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'another text'
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`
}
