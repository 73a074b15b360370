import { createHash } from 'node:crypto'
import { join, relative, resolve, sep } from 'node:path'

/** Characters of a name that is only there to be read. */
const longest = 60

/**
 * Names inventories the same however they were given; below the working directory also where the project
 * is somewhere else the next time.
 */
export function inventoryPaths(inventories: readonly string[]): readonly string[] {
  return inventories.map((path) => {
    const near = relative(process.cwd(), resolve(path))
    return near.startsWith('..') ? resolve(path) : near
  })
}

/**
 * Where the records of a playbook's checks are, in the working directory: each inventory has its own,
 * so that a check of one tells nothing of another's hosts.
 *
 * @param inventories as given, in their order
 * @example
 * historyFolder('site', ['inventories/lab']) // '.hostwright/drift/site/inventories-lab-18210bc1'
 */
export function historyFolder(playbook: string, inventories: readonly string[]): string {
  const paths = inventoryPaths(inventories)
  const hash = createHash('sha256').update(JSON.stringify(paths)).digest('hex').slice(0, 8)
  const name = paths
    .map((path) => path.split(sep).slice(-2).join('-'))
    .join('+')
    .replaceAll(/[^\w.+-]/g, '_')
    .slice(0, longest)
  return join('.hostwright', 'drift', encodeURIComponent(playbook), `${name}-${hash}`)
}
