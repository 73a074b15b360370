import { readdir, stat } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { parseAddress } from './address.js'
import { isFolder } from './is-folder.js'
import { readIniInventory } from './ini-inventory.js'
import { readModuleInventory } from './module-inventory.js'
import type { SourceReader } from './source-reader.js'
import { addHost, type Tree } from './tree.js'
import { readYamlInventory } from './yaml-inventory.js'

const modules = new Set(['.ts', '.mts', '.js', '.mjs'])
/** What Ansible skips in a directory, and type declarations. */
const skipped =
  /^\.|^(?:host_vars|group_vars|vars_plugins)$|(?:\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini|cfg|retry)|~|\.d\.m?ts)$/

/**
 * Reads one source into the tree: a file, a directory of files, or a list of hosts with a comma.
 *
 * @returns the folder beside which group_vars and host_vars stand, undefined for a list of hosts
 * @see ansible-core 2.14, inventory/manager.py
 * @throws HostwrightError INVENTORY_INVALID, VARIABLE_INVALID, VAULT_INVALID
 */
export async function readSource(
  source: string,
  reader: SourceReader,
  tree: Tree,
): Promise<string | undefined> {
  const path = resolve(source)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined && source.includes(',')) {
    readHostList(source, tree)
    return undefined
  }
  if (found === undefined)
    throw new HostwrightError(
      'INVENTORY_INVALID',
      `Cannot read inventory "${source}": there is no such file or directory`,
      {
        hint: `For the host of this name put a comma behind it: -i ${source},`,
      },
    )
  if (!found.isDirectory()) {
    await readFileSource(path, reader, tree)
    return resolve(path, '..')
  }
  await readFolder(path, reader, tree)
  return path
}

async function readFolder(folder: string, reader: SourceReader, tree: Tree): Promise<void> {
  const entries = await readdir(folder)
  for (const name of entries.filter((entry) => !skipped.test(entry)).toSorted()) {
    const path = join(folder, name)
    if (await isFolder(path)) await readFolder(path, reader, tree)
    else await readFileSource(path, reader, tree)
  }
}

async function readFileSource(file: string, reader: SourceReader, tree: Tree): Promise<void> {
  const extension = extname(file)
  if (modules.has(extension)) return await readModuleInventory(file, tree)
  const source = await reader.read(file, 'INVENTORY_INVALID', 'read inventory')
  if (source.text.startsWith('#!'))
    throw new HostwrightError(
      'INVENTORY_INVALID',
      `Cannot read inventory "${file}": it is an executable script, which is not supported`,
      {
        place: { file, line: 1 },
        hint: 'Write a TypeScript inventory whose default export has a load function',
      },
    )
  if (extension === '.toml')
    throw new HostwrightError(
      'INVENTORY_INVALID',
      `Cannot read inventory "${file}": TOML is not supported`,
      {
        place: { file },
        hint: 'Write it in YAML, INI or TypeScript',
      },
    )
  const yaml =
    ['.yml', '.yaml', '.json'].includes(extension) ||
    (extension === '' && looksLikeYaml(source.text))
  if (yaml) await readYamlInventory(source, tree)
  else readIniInventory(source, tree)
}

/** A YAML inventory starts with a key, which no line of an INI inventory can be. */
function looksLikeYaml(text: string): boolean {
  const first = /^(?!\s*(?:[#;]|$)).+/m.exec(text)?.[0] ?? ''
  return /^(?:---|%YAML|\{|(?:"[^"]*"|'[^']*'|[^\s=[\]:]+):(?:\s|$))/.test(first)
}

function readHostList(source: string, tree: Tree): void {
  for (const entry of source.split(',').map((part) => part.trim())) {
    if (entry === '') continue
    const place = { file: source }
    if (parseAddress(entry)?.host.includes('[') === true)
      throw new HostwrightError(
        'INVENTORY_INVALID',
        `Cannot read host "${entry}": a list of hosts has no ranges`,
        {
          hint: 'Write the names out, or put the range into an inventory file',
        },
      )
    const { host, port } = parseAddress(entry) ?? { host: entry, port: undefined }
    addHost(tree, 'ungrouped', host, port, place)
  }
}
