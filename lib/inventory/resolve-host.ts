import type { Place } from '../core/place.js'
import { originsOf } from './extra-vars.js'
import { followReferences } from './follow-references.js'
import type { Tree, Variable } from './tree.js'
import type { InventoryHost, Vars } from './types.js'
import type { VarsFiles } from './vars-files.js'

export interface HostContext {
  readonly tree: Tree
  /** See {@link groupsByHost}. */
  readonly groupsOf: (host: string) => readonly string[]
  /** Beside which the inventory's group_vars and host_vars stand, in the order of the sources. */
  readonly folders: readonly string[]
  readonly playbookFolder: string | undefined
  readonly extraVars: Vars
  readonly varsFiles: VarsFiles
}

/** A host whose variables are merged. */
export interface ResolvedHost {
  readonly name: string
  readonly groups: readonly string[]
  /** With references as they are written. */
  readonly variables: ReadonlyMap<string, Variable>
}

/**
 * Merges the variables of a host, the weakest first: `all` and the groups in the inventory, then
 * group_vars/all and group_vars of the groups, each beside the inventory and then the playbook, then
 * the host in the inventory, host_vars, and extra variables. Mappings replace each other.
 *
 * @see ansible-core 2.14, vars/manager.py, get_vars
 */
export async function resolveHost(name: string, context: HostContext): Promise<ResolvedHost> {
  const { tree, folders, playbookFolder, varsFiles } = context
  const groups = context.groupsOf(name)
  const beside = playbookFolder === undefined ? [] : [playbookFolder]
  const merged = new Map<string, Variable>()
  const add = (layer: Iterable<readonly [string, Variable]>) => {
    for (const [variable, value] of layer) merged.set(variable, value)
  }
  const addFiles = async (
    places: readonly string[],
    kind: 'group_vars' | 'host_vars',
    names: readonly string[],
  ) => {
    for (const folder of places)
      for (const entry of names) add(await varsFiles(folder, kind, entry))
  }
  for (const group of ['all', ...groups]) add(tree.groups.get(group)?.vars ?? [])
  await addFiles([...folders, ...beside], 'group_vars', ['all'])
  await addFiles(folders, 'group_vars', groups)
  await addFiles(beside, 'group_vars', groups)
  add(tree.hosts.get(name) ?? implicitVars)
  await addFiles([...folders, ...beside], 'host_vars', [name])
  add(extraLayer(context.extraVars))
  return { name, groups, variables: merged }
}

/** The controller, where the inventory does not name it. */
const implicitVars: readonly (readonly [string, Variable])[] = [
  ['ansible_connection', { value: 'local', place: () => undefined }],
]

function extraLayer(extraVars: Vars): [string, Variable][] {
  const origins = originsOf(extraVars)
  return Object.entries(extraVars).map(([name, value]) => [
    name,
    origins.get(name) ?? { value, place: () => undefined },
  ])
}

/**
 * The host that roles see, its references followed.
 *
 * @throws HostwrightError VARIABLE_INVALID for a reference to what the host does not have
 */
export function inventoryHost({ name, groups, variables }: ResolvedHost): InventoryHost {
  const { vars, place } = followReferences(name, variables)
  return {
    name,
    groups,
    vars,
    origin: (path): Place | undefined => {
      if (variables.has(path)) return place(path, [])
      const [variable = '', ...inner] = path.split('.')
      return place(variable, inner)
    },
  }
}
