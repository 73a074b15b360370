import { HostwrightError } from '../core/errors.js'
import { hostNames } from './host-names.js'
import { readYaml, type YamlDocument } from './read-yaml.js'
import type { SourceText } from './source-reader.js'
import { addChild, addGroup, addHost, setGroupVariable, type Tree, type Variable } from './tree.js'
import type { Path } from './yaml-places.js'

type Mapping = Readonly<Record<string, unknown>>

/**
 * Reads a YAML or JSON inventory into the tree.
 *
 * @see ansible-core 2.14, plugins/inventory/yaml.py
 * @throws HostwrightError INVENTORY_INVALID, VARIABLE_INVALID, VAULT_INVALID
 */
export async function readYamlInventory(source: SourceText, tree: Tree): Promise<void> {
  const document = await readYaml(source, 'INVENTORY_INVALID', 'read inventory')
  const groups = mapping(document, document.value, [], 'inventory', source.file)
  if ('plugin' in groups)
    throw new HostwrightError(
      'INVENTORY_INVALID',
      `Cannot read inventory "${source.file}": it configures an inventory plugin of Ansible`,
      {
        place: document.place(['plugin']),
        hint: 'Write a TypeScript inventory whose default export has a load function',
      },
    )
  for (const [name, content] of Object.entries(groups))
    readGroup({ document, tree }, [name], content)
}

interface Context {
  readonly document: YamlDocument
  readonly tree: Tree
}

function readGroup(context: Context, path: Path, content: unknown): void {
  const { document, tree } = context
  const name = nameOf(document, path, 'group')
  const group = addGroup(tree, name)
  const parts = mapping(document, content, path, 'group', name)
  for (const [key, part] of Object.entries(parts)) {
    const partPath = [...path, key]
    if (key !== 'hosts' && key !== 'children' && key !== 'vars')
      throw invalid(
        document,
        partPath,
        'key',
        key,
        `group "${name}" can have hosts, children and vars`,
      )
    // One host or child may be written as a plain string.
    const entries =
      typeof part === 'string' && key !== 'vars'
        ? { [part]: null }
        : mapping(document, part, partPath, key, name)
    if (key === 'vars')
      for (const [variable, value] of readVars(document, partPath, entries))
        setGroupVariable(group, variable, value)
    for (const [entry, value] of key === 'vars' ? [] : Object.entries(entries)) {
      const entryPath = [...partPath, entry]
      if (key === 'hosts') readHost(context, name, entryPath, value)
      else {
        addChild(tree, name, nameOf(document, entryPath, 'group'), document.place(entryPath))
        readGroup(context, entryPath, value)
      }
    }
  }
}

function readHost({ document, tree }: Context, group: string, path: Path, content: unknown): void {
  const entry = nameOf(document, path, 'host')
  const vars = readVars(document, path, mapping(document, content, path, 'host', entry))
  const { names, port } = hostNames(entry, document.place(path))
  for (const host of names) {
    addHost(tree, group, host, port, document.place(path))
    for (const [name, variable] of vars) tree.hosts.get(host)?.set(name, variable)
  }
}

/** The variables of a mapping, each with its places. */
export function readVars(document: YamlDocument, path: Path, vars: Mapping): [string, Variable][] {
  return Object.entries(vars).map(([name, value]) => {
    const way = [...path, name]
    if (!document.isText(way))
      throw new HostwrightError(
        'VARIABLE_INVALID',
        `Cannot read variable "${name}": its name is not a string`,
        {
          place: document.place(way),
          hint: 'Put the name into quotes',
        },
      )
    return [name, { value, place: (inner) => document.place([...way, ...inner]) }]
  })
}

function nameOf(document: YamlDocument, path: Path, what: string): string {
  const name = path.at(-1) ?? ''
  if (name === '' || !document.isText(path))
    throw invalid(
      document,
      path,
      what,
      name,
      'its name is not a string',
      'Put the name into quotes',
    )
  return name
}

/** What is empty counts as a mapping without keys. */
function mapping(
  document: YamlDocument,
  value: unknown,
  path: Path,
  what: string,
  name: string,
): Mapping {
  if (value === null || value === undefined) return {}
  if (
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.getPrototypeOf(value) === Object.prototype
  )
    return value as Mapping
  const hint = Array.isArray(value)
    ? 'Write each name with a colon behind it in place of a dash before it'
    : undefined
  throw invalid(
    document,
    path,
    what,
    name,
    `it is ${Array.isArray(value) ? 'a list' : 'a scalar'}, not a mapping`,
    hint,
  )
}

function invalid(
  document: YamlDocument,
  path: Path,
  what: string,
  name: string,
  reason: string,
  hint?: string,
) {
  return new HostwrightError('INVENTORY_INVALID', `Cannot read ${what} "${name}": ${reason}`, {
    place: document.place(path),
    hint,
  })
}
