import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PrivateApt } from '../apt.js'
import { emptyFolder } from '../emptyFolder.js'
import { cacheFolder } from '../places.js'
import { run } from '../run.js'
import type { Progress } from '../types.js'
import { debian12Image } from './image.js'
import { labPackages } from './packages.js'

/** The repository's folder; it has another name when the image or the list of packages changes. */
export function debian12Repository(): string {
  const definition = JSON.stringify([debian12Image().split('/').at(-1), labPackages])
  const hash = createHash('sha256').update(definition).digest('hex').slice(0, 12)
  return cacheFolder('packages', `debian12-${hash}`)
}

/**
 * Fills the package repository of the lab's hosts where it is not in the cache: a flat one, as
 * sources.list(5) says. The caller has the cache's lock.
 *
 * @throws HostwrightError LAB_FAILED
 */
export async function buildDebian12Repository(
  apt: () => Promise<PrivateApt>,
  progress: Progress,
): Promise<void> {
  const folder = debian12Repository()
  if (existsSync(folder)) return
  progress(`packages: fetching ${labPackages.length} and what they need`)
  const { archives, download } = await apt()
  let shown = 0
  const files = await download(debian12Image(), labPackages, (line) => {
    if (!line.startsWith('Get:') || Date.now() - shown < 2000) return
    shown = Date.now()
    progress(`packages: ${line}`)
  })
  const temporary = `${folder}.new`
  await emptyFolder(temporary)
  for (const name of files) await link(join(archives, name), join(temporary, name))
  await indexPackages(temporary)
  await rename(temporary, folder)
}

/** Writes the index of a folder's packages, and of those that another repository has beside it. */
export async function indexPackages(folder: string, beside?: string): Promise<void> {
  const index = await run('sh', ['-c', 'cd "$1" && apt-ftparchive packages .', 'index', folder])
  const more = beside === undefined ? '' : await readFile(join(beside, 'Packages'), 'utf8')
  await writeFile(join(folder, 'Packages'), `${index}\n${more && `\n${more}`}`)
  const label = ['-o', 'APT::FTPArchive::Release::Origin=Hostwright']
  const head = await run('apt-ftparchive', [...label, 'release', folder])
  await writeFile(join(folder, 'Release'), `${head}\n`)
}
