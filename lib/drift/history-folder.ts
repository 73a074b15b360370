import { createHash } from 'node:crypto'
import { join, relative, resolve, sep } from 'node:path'

/** Characters of a name that is only there to be read. */
const longest = 60

/** A project that is somewhere else the next time has the same, and so has `./inventories/lab`. */
export function inventoryPaths(inventories: readonly string[]): readonly string[] {
  return inventories.map((path) => relative(process.cwd(), resolve(path)))
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
