import { HostwrightError } from '../core/errors.js'
import {
  hostToJson,
  inventoryToJson,
  loadInventory,
  nearMisses,
  vaultPasswordSource,
  type LoadedInventory,
} from '../inventory/index.js'
import { readArguments } from './arguments.js'

const help = `Usage: hostwright inventory -i PATH --list | --host NAME | --graph

  --list        print everything in the JSON of ansible-inventory --list
  --host NAME   print the variables of one host
  --graph       print the groups as a tree

Flags:
  -i, --inventory PATH         a file, a directory or a list of hosts; repeat to merge several
                               (default: $HOSTWRIGHT_INVENTORY)
  --vault-password-file FILE   holds the vault password, or prints it where it is executable
  --reveal-secrets             show secrets in connection variables, those that start with
                               ansible_; all others are *** always
  -h, --help                   print this help
`

/**
 * `hostwright inventory`: prints what an inventory says, so that other tools can reach the same hosts.
 *
 * @param argv the arguments behind `inventory`
 * @returns the exit code, 0
 * @throws HostwrightError USAGE_INVALID, and what loadInventory throws
 */
export async function runInventory(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {
    inventory: { type: 'string', short: 'i', multiple: true },
    list: { type: 'boolean' },
    host: { type: 'string' },
    graph: { type: 'boolean' },
    'reveal-secrets': { type: 'boolean' },
    'vault-password-file': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  })
  if (values.help === true) {
    process.stdout.write(help)
    return 0
  }
  if (positionals[0] !== undefined)
    throw usage(`Cannot use argument "${positionals[0]}": only flags are taken`)
  const actions = [values.list, values.host, values.graph].filter((action) => action !== undefined)
  if (actions.length !== 1)
    throw usage('Cannot print the inventory: give one of --list, --host and --graph')
  const inventory = await loadInventory({
    sources: sourcesOf(values.inventory),
    vaultPassword: vaultPasswordSource({ file: values['vault-password-file'] }),
  })
  const options = { revealConnection: values['reveal-secrets'] === true }
  if (values.graph === true) process.stdout.write(`${graph(inventory, 'all', 0).join('\n')}\n`)
  else
    print(
      values.host === undefined
        ? inventoryToJson(inventory, options)
        : hostToJson(inventory, hostOf(inventory, values.host), options),
    )
  return 0
}

function sourcesOf(given: readonly string[] | undefined): readonly string[] {
  const fromEnvironment = process.env['HOSTWRIGHT_INVENTORY'] ?? ''
  if (given !== undefined) return given
  if (fromEnvironment !== '') return [fromEnvironment]
  throw usage(
    'Cannot find the hosts: no inventory is given',
    'Give one with -i, or set HOSTWRIGHT_INVENTORY',
  )
}

function hostOf(inventory: LoadedInventory, name: string) {
  const host = inventory.hosts.get(name)
  if (host !== undefined) return host
  const misses = nearMisses(name, inventory.hosts.keys())
  throw new HostwrightError(
    'INVENTORY_INVALID',
    `Cannot print host "${name}": it is not in the inventory`,
    {
      hint:
        misses.length > 0
          ? `Did you mean ${misses.map((miss) => `"${miss}"`).join(' or ')}?`
          : 'See hostwright inventory --graph',
    },
  )
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(sortKeys(value), undefined, 4)}\n`)
}

/** As ansible-inventory does, so that two outputs can be compared. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (
    value === null ||
    typeof value !== 'object' ||
    Object.getPrototypeOf(value) !== Object.prototype
  )
    return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]))
}

function graph(inventory: LoadedInventory, name: string, depth: number): string[] {
  const group = inventory.tree.get(name)
  return [
    branch(`@${name}:`, depth),
    ...(group?.children ?? []).flatMap((child) => graph(inventory, child, depth + 1)),
    ...(name === 'all' ? [] : (group?.hosts ?? [])).map((host) => branch(host, depth + 1)),
  ]
}

function branch(text: string, depth: number): string {
  return depth === 0 ? text : `${'  |'.repeat(depth)}--${text}`
}

function usage(message: string, hint = 'See hostwright inventory --help'): HostwrightError {
  return new HostwrightError('USAGE_INVALID', message, { hint })
}
