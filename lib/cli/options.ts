import { parseArgs } from 'node:util'
import { HostwrightError } from '../core/errors.js'
import { didYouMean } from './did-you-mean.js'
import { type Flag, type FlagName, flags } from './flags.js'

export { playbookHelp } from './help.js'

/** What the command line of a playbook says. Lists are empty, not left out, where nothing is said. */
export interface PlaybookOptions {
  /** Paths in the order given; later ones win. Empty only with `help` or `version`. */
  readonly inventories: readonly string[]
  readonly limit: string | undefined
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  readonly check: boolean
  readonly diff: boolean
  /** As written: `key=value`, JSON or `@file`. */
  readonly extraVars: readonly string[]
  readonly forks: number
  /** 0 to 3. */
  readonly verbosity: number
  readonly listHosts: boolean
  readonly listTasks: boolean
  readonly prefetch: boolean
  readonly output: 'console' | 'json' | 'junit'
  /** Files that reports of the run go to; each ends in `.html`. */
  readonly reports: readonly string[]
  readonly detailedExitcode: boolean
  readonly vaultPasswordFile: string | undefined
  readonly askVaultPass: boolean
  readonly askBecomePass: boolean
  readonly user: string | undefined
  readonly privateKey: string | undefined
  readonly help: boolean
  readonly version: boolean
}

/**
 * Reads a playbook's command line, without the program and the script.
 *
 * @param env where `HOSTWRIGHT_INVENTORY` is looked up when there is no `-i`
 * @throws HostwrightError USAGE_INVALID for an unknown flag, a bad value, a flag given twice that
 * can be given once, an argument, or no inventory
 * @example
 * parsePlaybookArgs(['-i', 'inventories/lab', '--check', '-vv']).verbosity // 2
 */
export function parsePlaybookArgs(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): PlaybookOptions {
  const given = readFlags(argv)
  const all = (name: FlagName) => given.get(name) ?? []
  const has = (name: FlagName) => given.has(name)
  const last = (name: FlagName) => all(name).at(-1)
  const ends = has('help') || has('version')
  return {
    inventories: ends
      ? all('inventory')
      : inventories(all('inventory'), env['HOSTWRIGHT_INVENTORY']),
    limit: last('limit'),
    tags: commaLists('--tags', all('tags')),
    skipTags: commaLists('--skip-tags', all('skip-tags')),
    check: has('check'),
    diff: has('diff'),
    extraVars: all('extra-vars'),
    forks: wholeNumber('--forks', last('forks') ?? flags.forks.default),
    verbosity: Math.min(all('verbose').length, 3),
    listHosts: has('list-hosts'),
    listTasks: has('list-tasks'),
    output: outputForm(last('output') ?? flags.output.default),
    reports: reportFiles(all('report'), has('list-hosts') || has('list-tasks')),
    prefetch: !has('no-prefetch'),
    detailedExitcode: has('detailed-exitcode'),
    vaultPasswordFile: last('vault-password-file'),
    askVaultPass: has('ask-vault-pass'),
    askBecomePass: has('ask-become-pass'),
    user: last('user'),
    privateKey: last('private-key'),
    help: has('help'),
    version: has('version'),
  }
}

/** Every flag's values; a flag without a value gives an empty text each time it is met. */
function readFlags(argv: readonly string[]): ReadonlyMap<FlagName, readonly string[]> {
  const given = new Map<FlagName, string[]>()
  const { tokens } = parseArgs({
    args: [...argv],
    // Ours says what is wrong in the library's words, and finds the near miss.
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      Object.entries<Flag>(flags).map(([name, flag]) => [
        name,
        {
          type: flag.value === undefined ? ('boolean' as const) : ('string' as const),
          ...(flag.short === undefined ? {} : { short: flag.short }),
        },
      ]),
    ),
  })
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw usage(`Cannot use argument "${token.value}": a playbook takes flags only`)
    if (token.kind !== 'option') continue
    const flag = find(token.name)
    if (flag === undefined) throw unknownFlag(token.rawName)
    const [name, { value, repeatable }] = flag
    checkValue(token.rawName, value, token.value, token.inlineValue === true)
    const values = given.get(name) ?? []
    if (values.length > 0 && value !== undefined && repeatable !== true)
      throw usage(`Cannot use flag "${token.rawName}": it is given twice`, 'Give it once')
    given.set(name, [...values, token.value ?? ''])
  }
  return given
}

function find(name: string): readonly [FlagName, Flag] | undefined {
  return Object.hasOwn(flags, name) ? [name as FlagName, flags[name as FlagName]] : undefined
}

function unknownFlag(raw: string): HostwrightError {
  const names = Object.keys(flags).map((name) => `--${name}`)
  return usage(
    `Cannot use flag "${raw}": there is no such flag`,
    didYouMean(raw, names, 'See --help'),
  )
}

/** `wants` is what stands for the value in the help. */
function checkValue(
  raw: string,
  wants: string | undefined,
  value: string | undefined,
  inline: boolean,
): void {
  if (wants === undefined && value !== undefined)
    throw usage(`Cannot use flag "${raw}": it takes no value, and "${value}" is given`)
  if (wants === undefined) return
  if (value === undefined || value === '')
    throw usage(`Cannot use flag "${raw}": its value is missing`, `Write ${raw} ${wants}`)
  if (!inline && value.startsWith('-') && value.length > 1)
    throw usage(
      `Cannot use flag "${raw}": its value is missing, and "${value}" looks like another flag`,
      `Write ${raw} ${wants}, or ${raw.startsWith('--') ? `${raw}=${value}` : `${raw}${value}`} where the value begins with a hyphen`,
    )
}

function inventories(given: readonly string[], fromEnv: string | undefined): readonly string[] {
  if (given.length > 0) return given
  if (fromEnv !== undefined && fromEnv !== '') return [fromEnv]
  throw usage(
    'Cannot find the hosts: no inventory is given',
    'Give one with -i, for example -i inventories/lab, or set HOSTWRIGHT_INVENTORY',
  )
}

function commaLists(raw: string, lists: readonly string[]): readonly string[] {
  const items = lists.flatMap((list) => list.split(',')).map((item) => item.trim())
  // An empty tag would select nothing, or everything, without a word.
  if (items.includes(''))
    throw usage(`Cannot use value "${lists.join(',')}" of ${raw}: a tag is empty`)
  return items
}

function wholeNumber(raw: string, value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value))
    throw usage(`Cannot use value "${value}" of ${raw}: it is not a whole number from 1 up`)
  return Number(value)
}

function outputForm(value: string): PlaybookOptions['output'] {
  if (value === 'console' || value === 'json' || value === 'junit') return value
  throw usage(`Cannot use value "${value}" of --output: it is none of console, json and junit`)
}

/** A listing runs nothing that could be reported. */
function reportFiles(files: readonly string[], isListing: boolean): readonly string[] {
  const other = files.find((file) => !/\.html$/i.test(file))
  if (other !== undefined)
    throw usage(
      `Cannot use value "${other}" of --report: it does not end in .html`,
      'Give the report a name that ends in .html',
    )
  if (isListing && files.length > 0)
    throw usage(
      'Cannot use flag "--report": --list-hosts and --list-tasks run nothing',
      'Leave one of the two out',
    )
  return files
}

function usage(message: string, hint = 'See --help'): HostwrightError {
  return new HostwrightError('USAGE_INVALID', message, { hint })
}
