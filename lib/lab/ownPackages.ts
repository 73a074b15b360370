import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import type { LabDefinition } from './definition.js'
import { labFolder } from './places.js'
import { indexPackages, repositoryFolder } from './repository.js'
import { run } from './run.js'
import type { Progress } from './types.js'

/**
 * The folders that a lab's repository is served from: the first that has a file counts, and the
 * first has the index of all.
 */
export function servedFolders(lab: LabDefinition): readonly [string, ...string[]] {
  const debian = repositoryFolder()
  return lab.packages.length > 0 ? [labFolder(lab.name, 'packages'), debian] : [debian]
}

/**
 * Collects or builds the lab's own packages where that has not been done. The caller has the lab's
 * lock.
 *
 * @throws HostwrightError LAB_FAILED when a script fails or a file is not there
 */
export async function collectPackages(lab: LabDefinition, progress: Progress): Promise<void> {
  const [folder] = servedFolders(lab)
  if (lab.packages.length === 0 || existsSync(folder)) return
  const temporary = `${folder}.new`
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary)
  for (const path of lab.packages) {
    progress(`packages: adding ${basename(path)}`)
    if (path.endsWith('.mjs')) await run(process.execPath, [path, temporary])
    else await run('cp', ['--', path, temporary])
  }
  await indexPackages(temporary, repositoryFolder())
  await rename(temporary, folder)
}
