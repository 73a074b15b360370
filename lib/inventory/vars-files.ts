import { readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { readReason } from '../core/read-reason.js'
import { isFolder } from './is-folder.js'
import { readYaml } from './read-yaml.js'
import type { SourceReader } from './source-reader.js'
import type { Variable } from './tree.js'
import { readVars } from './yaml-inventory.js'

const extensions = ['', '.yml', '.yaml', '.json']

export type VarsFolder = 'group_vars' | 'host_vars'

/** Reads the variables that stand beside an inventory or a playbook for one group or host. */
export type VarsFiles = (
  folder: string,
  kind: VarsFolder,
  name: string,
) => Promise<ReadonlyMap<string, Variable>>

/**
 * Reads group_vars and host_vars, each file once. The first of `NAME`, `NAME.yml`, `NAME.yaml` and
 * `NAME.json` counts; in a directory all files do, sorted, and the last wins.
 *
 * @see ansible-core 2.14, plugins/vars/host_group_vars.py
 * @throws HostwrightError VARIABLE_INVALID, VAULT_INVALID
 */
export function varsFiles(reader: SourceReader): VarsFiles {
  const known = new Map<string, Promise<ReadonlyMap<string, Variable>>>()
  const listings = new Map<string, Promise<ReadonlySet<string>>>()
  return (folder, kind, name) => {
    const path = join(folder, kind, name)
    const listing = listings.get(join(folder, kind)) ?? list(join(folder, kind))
    listings.set(join(folder, kind), listing)
    const vars = known.get(path) ?? readAll(path, kind, name, listing, reader)
    known.set(path, vars)
    return vars
  }
}

/** Each folder is listed once: most hosts have no file in it. */
async function list(folder: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(folder))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT') return new Set()
    throw new HostwrightError(
      'VARIABLE_INVALID',
      `Cannot read variables "${folder}": ${readReason(error)}`,
      {
        place: { file: folder },
        cause: error,
      },
    )
  }
}

async function readAll(
  path: string,
  kind: VarsFolder,
  name: string,
  listing: Promise<ReadonlySet<string>>,
  reader: SourceReader,
) {
  const vars = new Map<string, Variable>()
  const listed = await listing
  const extension = extensions.find((candidate) => listed.has(name + candidate))
  if (extension === undefined) return vars
  for (const file of await filesAt(path + extension))
    for (const [variable, value] of await readVarsFile(file, reader)) vars.set(variable, value)
  const priority = vars.get('ansible_group_priority')
  if (kind === 'group_vars' && priority !== undefined)
    throw new HostwrightError(
      'VARIABLE_INVALID',
      `Cannot use ansible_group_priority of group "${name}": it has no effect in group_vars`,
      {
        place: priority.place([]),
        hint: 'Set it among the variables of the group in the inventory itself',
      },
    )
  return vars
}

async function filesAt(path: string): Promise<string[]> {
  return (await isFolder(path)) ? await filesIn(path) : [path]
}

async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = []
  for (const name of (await readdir(folder)).toSorted()) {
    if (name.startsWith('.') || name.endsWith('~')) continue
    const path = join(folder, name)
    if (await isFolder(path)) files.push(...(extname(name) === '' ? await filesIn(path) : []))
    else if (extensions.includes(extname(name))) files.push(path)
  }
  return files
}

/**
 * Reads a file whose top is a mapping of variables.
 * @throws HostwrightError VARIABLE_INVALID, VAULT_INVALID
 */
export async function readVarsFile(
  file: string,
  reader: SourceReader,
): Promise<[string, Variable][]> {
  const document = await readYaml(
    await reader.read(file, 'VARIABLE_INVALID', 'read variables'),
    'VARIABLE_INVALID',
    'read variables',
  )
  const { value } = document
  if (value === null || value === undefined) return []
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    throw new HostwrightError(
      'VARIABLE_INVALID',
      `Cannot read variables "${file}": its top is not a mapping`,
      {
        place: document.place([]),
      },
    )
  return readVars(document, [], value as Readonly<Record<string, unknown>>)
}
