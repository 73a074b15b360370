import { parseArgs } from 'node:util'
import { HostwrightError } from '../core/errors.js'
import { type Flag, flags } from './flags.js'

/** What a drift check takes besides the flags of every playbook. */
export interface DriftFlags {
  readonly remediate: boolean
  readonly reports: readonly string[]
  /** How many records are kept. */
  readonly keep: number | undefined
  readonly help: boolean
  /** False where nothing is looked at: a list or the version is asked for. */
  readonly looks: boolean
  /** The flags of the playbook. */
  readonly rest: readonly string[]
}

/**
 * Takes the flags of a drift check out of a command line.
 *
 * @throws HostwrightError USAGE_INVALID
 */
export function takeDriftFlags(argv: readonly string[]): DriftFlags {
  const taken = new Set<number>()
  const reports: string[] = []
  const names = new Set<string>()
  let keep: number | undefined
  for (const token of tokensOf(argv)) {
    if (token.kind !== 'option') continue
    const { name, index, value, rawName } = token
    names.add(name)
    if (!['remediate', 'report', 'keep'].includes(name)) continue
    taken.add(index)
    if (name === 'remediate' && value !== undefined)
      throw usage(`Cannot use flag "${rawName}": it takes no value, and "${value}" is given`)
    if (name === 'remediate') continue
    if (value === undefined || value === '' || (!token.inlineValue && value.startsWith('-')))
      throw usage(
        `Cannot use flag "${rawName}": its value is missing`,
        name === 'keep' ? 'Write --keep N' : 'Write --report FILE',
      )
    if (!token.inlineValue) taken.add(index + 1)
    if (name === 'report') reports.push(value)
    else if (keep === undefined) keep = wholeNumber(value)
    else throw usage('Cannot use flag "--keep": it is given twice', 'Give it once')
  }
  const remediate = names.has('remediate')
  if (remediate && names.has('check'))
    throw usage(
      'Cannot use flag "--remediate": with --check nothing is changed',
      'Leave out one of the two',
    )
  return {
    remediate,
    reports,
    keep,
    help: names.has('help'),
    looks: !['list-hosts', 'list-tasks', 'version'].some((name) => names.has(name)),
    rest: argv.filter((_, at) => !taken.has(at)),
  }
}

function tokensOf(argv: readonly string[]) {
  const playbook = Object.entries<Flag>(flags).map(([name, { short, value }]) => [
    name,
    {
      type: value === undefined ? ('boolean' as const) : ('string' as const),
      ...(short !== undefined && { short }),
    },
  ])
  const options = {
    ...(Object.fromEntries(playbook) as Record<string, { type: 'boolean' | 'string' }>),
    remediate: { type: 'boolean' },
    report: { type: 'string' },
    keep: { type: 'string' },
  } as const
  return parseArgs({ args: [...argv], strict: false, tokens: true, options }).tokens
}

function wholeNumber(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value)
  throw usage(`Cannot use value "${value}" of --keep: it is not a whole number from 1 up`)
}

function usage(message: string, hint = 'See hostwright drift --help'): HostwrightError {
  return new HostwrightError('USAGE_INVALID', message, { hint })
}
