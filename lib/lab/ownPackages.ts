import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import type { LabDefinition } from './definition.js'
import { debian12Repository, indexPackages } from './debian12/repository.js'
import { el9Image } from './el9/build.js'
import { indexRpms } from './el9/repositories.js'
import { emptyFolder } from './emptyFolder.js'
import { imageOf, type Image } from './image.js'
import { labFolder } from './places.js'
import { run } from './run.js'
import type { Progress } from './types.js'

/** Where the package repository answers on the bridge's address. */
export const repositoryPort = 7080

/** The images of a lab's hosts, each once. */
export function imagesOf(lab: LabDefinition): readonly Image[] {
  return [...new Set(lab.hosts.map(({ image }) => image))].map(imageOf)
}

/** The folders of the images' packages. */
export function repositoriesOf(lab: LabDefinition): readonly string[] {
  return imagesOf(lab).flatMap(({ repository }) => (repository === undefined ? [] : [repository]))
}

/** The lab's own packages, with an index for each format that its hosts take. */
export function ownPackagesFolder(lab: LabDefinition): string {
  return labFolder(lab.name, 'packages')
}

/** The folders that a lab's repository is served from: the first that has a file counts. */
export function servedFolders(lab: LabDefinition): readonly string[] {
  const own = lab.packages.length > 0 ? [ownPackagesFolder(lab)] : []
  return [...own, ...repositoriesOf(lab)]
}

/**
 * Collects or builds the lab's own packages where that has not been done. The caller has the lab's
 * lock.
 *
 * @throws HostwrightError LAB_FAILED when a script fails or a file is not there
 */
export async function collectPackages(lab: LabDefinition, progress: Progress): Promise<void> {
  const folder = ownPackagesFolder(lab)
  if (lab.packages.length === 0 || existsSync(folder)) return
  const temporary = `${folder}.new`
  await emptyFolder(temporary)
  const formats = new Set(imagesOf(lab).map(formatOf))
  for (const path of lab.packages) {
    progress(`packages: adding ${basename(path)}`)
    if (!path.endsWith('.mjs')) await run('cp', ['--', path, temporary])
    else
      for (const format of formats)
        await run(process.execPath, [path, temporary, '--format', format])
  }
  const indexed = new Set(imagesOf(lab).map(({ format }) => format))
  if (indexed.has('deb')) await indexPackages(temporary, debian12Repository())
  if (indexed.has('rpm')) await indexRpms(el9Image(), temporary)
  await rename(temporary, folder)
}

/** @see LabOwn.package */
export function ownPackage(lab: LabDefinition, file: string): { url: string; sha256: string } {
  const path = join(ownPackagesFolder(lab), file)
  if (!existsSync(path))
    throw new HostwrightError('LAB_FAILED', `Cannot find package "${file}" in lab "${lab.name}"`, {
      hint: 'its `packages` name what it serves; after a change there: hostwright lab down, and up',
    })
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
  return { url: `http://${lab.gateway}:${repositoryPort}/${encodeURIComponent(file)}`, sha256 }
}

/** A root file system of the user's own takes what its package manager takes. */
function formatOf({ format, folder }: Image): 'deb' | 'rpm' {
  return format ?? (existsSync(`${folder}/usr/bin/dpkg`) ? 'deb' : 'rpm')
}
