import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { HostwrightError } from '../core/errors.js'
import { importModule } from '../core/import-module.js'
import type { Place } from '../core/place.js'
import { addChild, addGroup, addHost, setGroupVariable, type Tree, type Variable } from './tree.js'
import type { InventoryData, Vars } from './types.js'

const vars = v.record(v.string(), v.unknown())
const names = v.array(v.string())
const dataSchema = v.strictObject({
  hosts: v.optional(v.record(v.string(), vars)),
  groups: v.optional(
    v.record(
      v.string(),
      v.strictObject({
        hosts: v.optional(v.union([names, v.record(v.string(), vars)])),
        children: v.optional(names),
        vars: v.optional(vars),
      }),
    ),
  ),
})

/**
 * Reads a TypeScript or JavaScript inventory, whose default export is an InventorySource, into the
 * tree. Values are taken as they are; names stand for themselves, without ranges.
 *
 * @throws HostwrightError INVENTORY_INVALID for a module that fails or exports something else; a
 *   HostwrightError that the module throws is passed on
 */
export async function readModuleInventory(file: string, tree: Tree): Promise<void> {
  readInventoryData(await loadData(file), file, tree)
}

/**
 * Reads what an inventory module has given into the tree.
 *
 * @param file the module, for errors and origins
 * @throws HostwrightError INVENTORY_INVALID
 */
export function readInventoryData(given: unknown, file: string, tree: Tree): void {
  const data = checkData(given, file)
  for (const [name, hostVars] of Object.entries(data.hosts ?? {})) {
    addModuleHost(tree, 'all', name, hostVars, file)
  }
  const groups = Object.entries(data.groups ?? {})
  for (const [name] of groups) addGroup(tree, name)
  for (const [name, content] of groups) {
    const hosts = content.hosts ?? {}
    const entries = Array.isArray(hosts)
      ? hosts.map((host): [string, Vars] => [host, {}])
      : Object.entries(hosts)
    for (const [host, hostVars] of entries) addModuleHost(tree, name, host, hostVars, file)
    for (const [variable, value] of Object.entries(content.vars ?? {}))
      setGroupVariable(addGroup(tree, name), variable, variableOf(value, file))
    for (const child of content.children ?? []) {
      if (!tree.groups.has(child))
        throw invalid(
          `Cannot read group "${child}": it is not declared`,
          { file },
          `Declare it, or take it out of the children of "${name}"`,
        )
      addChild(tree, name, child, { file })
    }
  }
}

async function loadData(file: string): Promise<unknown> {
  try {
    const source = defaultOf(await importModule(file))
    if (source === undefined)
      throw invalid(
        `Cannot read inventory "${file}": it has no default export`,
        { file },
        'Export the hosts and groups, or an object with a load function',
      )
    return hasLoad(source) ? await source.load() : source
  } catch (error) {
    if (error instanceof HostwrightError) throw error.with({ place: { file } })
    throw new HostwrightError(
      'INVENTORY_INVALID',
      `Cannot load inventory "${file}": ${reasonOf(error)}`,
      {
        place: placeOf(error, file),
        cause: error,
      },
    )
  }
}

/** In a package that is not `"type": "module"` the module's default export stands one level deeper. */
function defaultOf(module: { readonly default?: unknown }): unknown {
  const inner = module.default
  const nested =
    typeof inner === 'object' && inner !== null && '__esModule' in inner && 'default' in inner
  return nested ? inner.default : inner
}

function hasLoad(source: unknown): source is { load(): unknown } {
  return (
    typeof source === 'object' &&
    source !== null &&
    'load' in source &&
    typeof source.load === 'function'
  )
}

function checkData(data: unknown, file: string): InventoryData {
  const result = v.safeParse(dataSchema, data)
  if (result.success) return result.output as InventoryData
  const [issue] = result.issues
  const path = v.getDotPath(issue)
  const what = path === null ? 'the inventory' : `"${path}"`
  const expected = issue.expected === null ? '' : `, expected is ${issue.expected}`
  throw invalid(`Cannot read inventory "${file}": ${what} is ${issue.received}${expected}`, {
    file,
  })
}

function addModuleHost(
  tree: Tree,
  group: string,
  name: string,
  hostVars: Vars,
  file: string,
): void {
  if (name === '' || name.includes('['))
    throw invalid(
      `Cannot read host "${name}": a TypeScript inventory has no ranges and no empty names`,
      { file },
    )
  addHost(tree, group, name, undefined, { file })
  for (const [variable, value] of Object.entries(hostVars))
    tree.hosts.get(name)?.set(variable, variableOf(value, file))
}

function variableOf(value: unknown, file: string): Variable {
  return { value, place: () => ({ file }) }
}

/** What esbuild says of a mistake in the source: its file, line, column from 0, and text. */
const mistakePattern = /^(\/.+):(\d+):(\d+): ERROR: (.+)$/m

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return mistakePattern.exec(message)?.[4] ?? message.split('\n')[0] ?? ''
}

/** The line of the module at which an error was thrown, or esbuild found a mistake. */
function placeOf(error: unknown, file: string): Place {
  const [, source, row, offset] =
    mistakePattern.exec(error instanceof Error ? error.message : '') ?? []
  if (source !== undefined) return { file: source, line: Number(row), column: Number(offset) + 1 }
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  for (const [, url = '', line, column] of stack.matchAll(
    /((?:file:\/\/)?\/[^\s()]+?):(\d+):?(\d+)?/g,
  )) {
    const path = url.startsWith('file:')
      ? fileURLToPath(url.replace(/\?.*$/, ''))
      : url.replace(/\?.*$/, '')
    if (path === file)
      return { file, line: Number(line), ...(column !== undefined && { column: Number(column) }) }
  }
  return { file }
}

function invalid(message: string, place: Place, hint?: string): HostwrightError {
  return new HostwrightError('INVENTORY_INVALID', message, { place, hint })
}
