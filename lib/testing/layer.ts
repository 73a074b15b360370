import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** What a running system writes by itself: logs, login records, timers. */
const ownWrites = /^\/(?:run|tmp|var\/tmp|var\/log|var\/lib\/systemd|var\/lib\/private)\//

/** Every path that a host has written since it was blank, with all that can change of it. */
export function layerOf(top: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const walk = (folder: string): void => {
    for (const name of readdirSync(join(top, folder))) {
      const path = join(folder, name)
      if (ownWrites.test(path)) continue
      const full = join(top, path)
      const { mode, uid, gid } = lstatSync(full)
      found.set(path, `${mode.toString(8)} ${uid}:${gid} ${contentOf(full)}`)
      if (lstatSync(full).isDirectory()) walk(path)
    }
  }
  walk('/')
  return found
}

/** The paths that two looks at a host see differently. */
export function layerDifferences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()])
  return [...paths].filter((path) => before.get(path) !== after.get(path)).toSorted()
}

function contentOf(file: string): string {
  const stat = lstatSync(file)
  if (stat.isSymbolicLink()) return readlinkSync(file)
  if (stat.isFile()) return createHash('sha256').update(readFileSync(file)).digest('hex')
  return ''
}
