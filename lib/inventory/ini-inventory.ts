import { HostwrightError } from '../core/errors.js'
import type { Place } from '../core/place.js'
import { Secret } from '../core/secret.js'
import { hostNames } from './host-names.js'
import { parseLiteral } from './literal.js'
import { parseReference, Reference } from './reference.js'
import { refuseJinja } from './refine-value.js'
import { splitWords } from './shell-words.js'
import type { SourceText } from './source-reader.js'
import { addChild, addGroup, addHost, setGroupVariable, type Tree, type Variable } from './tree.js'

const sectionPattern = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/
const groupPattern = /^([^:\]\s]+)\s*(?:#.*)?$/

/** A group that was named before it was declared. */
interface Pending {
  readonly place: Place
  readonly parents: string[]
}

interface State {
  readonly source: SourceText
  readonly tree: Tree
  readonly pending: Map<string, Pending>
  group: string
  section: 'hosts' | 'children' | 'vars'
}

/**
 * Reads an INI inventory into the tree.
 *
 * @see ansible-core 2.14, plugins/inventory/ini.py
 * @throws HostwrightError INVENTORY_INVALID, VARIABLE_INVALID
 */
export function readIniInventory(source: SourceText, tree: Tree): void {
  const state: State = { source, tree, pending: new Map(), group: 'ungrouped', section: 'hosts' }
  for (const [index, raw] of source.text.split(/\r\n|\r|\n/).entries()) {
    const line = raw.trim()
    if (line !== '' && !/^[;#]/.test(line))
      readLine(state, line, { file: source.file, line: index + 1 })
  }
  const [undeclared] = state.pending
  if (undeclared === undefined) return
  const [name, { place, parents }] = undeclared
  throw new HostwrightError(
    'INVENTORY_INVALID',
    `Cannot read group "${name}": it is not declared`,
    {
      place,
      hint: `Add a section [${name}], or take it out of ${parents.length > 0 ? `[${parents.join(', ')}:children]` : `[${name}:vars]`}`,
    },
  )
}

function readLine(state: State, line: string, place: Place): void {
  const [, name, section] = sectionPattern.exec(line) ?? []
  if (name !== undefined) return readSection(state, name, section ?? 'hosts', place)
  if (line.startsWith('[') && line.endsWith(']'))
    throw invalid(
      state,
      'section',
      line,
      'its name is empty, or holds a space or another character that is not allowed',
      place,
    )
  if (state.section === 'vars') return readVariable(state, line, place)
  if (state.section === 'children') return readChild(state, line, place)
  return readHost(state, line, place)
}

/** A section of hosts or of children declares its group, one of variables does not. */
function readSection(state: State, name: string, section: string, place: Place): void {
  if (section !== 'hosts' && section !== 'children' && section !== 'vars')
    throw invalid(
      state,
      'section',
      `[${name}:${section}]`,
      'only :children and :vars can follow a group',
      place,
    )
  state.group = name
  state.section = section
  const known = state.tree.groups.has(name)
  addGroup(state.tree, name)
  const pending = state.pending.get(name)
  if (section === 'vars') {
    if (!known && pending === undefined) state.pending.set(name, { place, parents: [] })
    return
  }
  state.pending.delete(name)
  for (const parent of pending?.parents ?? []) addChild(state.tree, parent, name, pending?.place)
}

function readChild(state: State, line: string, place: Place): void {
  const name = groupPattern.exec(line)?.[1]
  if (name === undefined)
    throw invalid(state, 'group name', line, 'it holds a space, a colon or a bracket', place)
  const pending = state.pending.get(name)
  if (pending !== undefined) pending.parents.push(state.group)
  else if (state.tree.groups.has(name)) addChild(state.tree, state.group, name, place)
  else state.pending.set(name, { place, parents: [state.group] })
}

function readVariable(state: State, line: string, place: Place): void {
  const equals = line.indexOf('=')
  if (equals === -1)
    throw invalid(state, 'variable', '***', 'it is not of the form name=value', place)
  const name = line.slice(0, equals).trim()
  setGroupVariable(
    addGroup(state.tree, state.group),
    name,
    readValue(state, name, line.slice(equals + 1).trim(), place),
  )
}

function readHost(state: State, line: string, place: Place): void {
  const [entry, ...assignments] = words(state, line, place)
  if (entry === undefined) return
  const { names, port } = hostNames(entry, place)
  const variables = assignments.map((assignment): [string, Variable] => {
    const equals = assignment.indexOf('=')
    if (equals === -1)
      throw invalid(state, 'host variable', '***', 'it is not of the form name=value', place)
    const name = assignment.slice(0, equals)
    return [name, readValue(state, name, assignment.slice(equals + 1), place)]
  })
  for (const host of names) {
    addHost(state.tree, state.group, host, port, place)
    for (const [name, variable] of variables) state.tree.hosts.get(host)?.set(name, variable)
  }
}

function readValue(state: State, name: string, text: string, place: Place): Variable {
  if (name === '')
    throw new HostwrightError('VARIABLE_INVALID', 'Cannot read variable "": its name is empty', {
      place,
    })
  const literal = parseLiteral(text)
  const value = literal === undefined ? text : literal.value
  return { value: readText(state, name, value, text, place), place: () => place }
}

/** What is no string can hold strings: the text of the whole is looked at for Jinja. */
function readText({ source }: State, name: string, value: unknown, text: string, place: Place) {
  const reference = typeof value === 'string' ? parseReference(value) : undefined
  if (typeof value === 'string' && reference !== undefined) return new Reference(value, reference)
  if (source.vaulted) return typeof value === 'string' ? new Secret(value) : value
  refuseJinja(text, name, place)
  return value
}

function words(state: State, line: string, place: Place): string[] {
  try {
    return splitWords(line)
  } catch (error) {
    throw error instanceof SyntaxError
      ? invalid(state, 'host line', line, error.message, place)
      : error
  }
}

/** A value may be a password, and in a vault all is secret: the place says which line it is. */
function invalid(
  { source }: State,
  what: string,
  text: string,
  reason: string,
  place: Place,
): HostwrightError {
  const shown = source.vaulted ? '***' : text.replace(/=.*/s, '=***')
  return new HostwrightError('INVENTORY_INVALID', `Cannot read ${what} "${shown}": ${reason}`, {
    place,
  })
}
