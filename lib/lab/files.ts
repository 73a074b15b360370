import { chmod, chown, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** A file of a layer: its text and what differs from root's 0644. */
export interface LayerFile {
  readonly content: string
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
}

/** Folders that are not root's 0755; in an overlay the upper layer's attributes count. */
const folders = new Map<string, { readonly mode: number; readonly owner: number }>([
  ['root', { mode: 0o700, owner: 0 }],
  ['root/.ssh', { mode: 0o700, owner: 0 }],
  ['home/admin', { mode: 0o700, owner: 1000 }],
  ['home/admin/.ssh', { mode: 0o700, owner: 1000 }],
])

/** Writes a layer of an overlay: all of it is there, or nothing. Paths are relative. */
export async function writeLayer(
  folder: string,
  files: Readonly<Record<string, LayerFile>>,
): Promise<void> {
  const temporary = `${folder}.new`
  await rm(temporary, { recursive: true, force: true })
  await makeFolder(temporary, '.')
  for (const [path, file] of Object.entries(files)) {
    await makeFolder(temporary, dirname(path))
    await writeFile(join(temporary, path), file.content, { mode: 0o600 })
    await chown(join(temporary, path), file.uid ?? 0, file.gid ?? 0)
    await chmod(join(temporary, path), file.mode ?? 0o644)
  }
  await rename(temporary, folder)
}

/** Writes a file that only its owner can read, at once or not at all. */
export async function writePrivate(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

async function makeFolder(root: string, path: string): Promise<void> {
  if (path !== '.') await makeFolder(root, dirname(path))
  const { mode, owner } = folders.get(path) ?? { mode: 0o755, owner: 0 }
  await mkdir(join(root, path), { recursive: true })
  await chmod(join(root, path), mode)
  await chown(join(root, path), owner, owner)
}
