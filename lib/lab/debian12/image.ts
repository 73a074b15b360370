import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { release, type PrivateApt } from '../apt.js'
import { emptyFolder } from '../emptyFolder.js'
import { writeLayer } from '../files.js'
import { inNamespace } from '../namespace.js'
import { cacheFolder } from '../places.js'
import type { Progress } from '../types.js'
import { imageFiles, imagePackages, imageScript } from './definition.js'

/** The image's folder; it has another name when the image's definition changes. */
export function debian12Image(): string {
  const definition = JSON.stringify([release, imagePackages, imageFiles, imageScript])
  const hash = createHash('sha256').update(definition).digest('hex').slice(0, 12)
  return cacheFolder('images', `debian12-${hash}`)
}

/**
 * Builds the image where it is not in the cache. The caller has the cache's lock.
 *
 * @throws HostwrightError LAB_FAILED
 */
export async function buildDebian12Image(
  apt: () => Promise<PrivateApt>,
  progress: Progress,
): Promise<void> {
  const folder = debian12Image()
  if (existsSync(folder)) return
  progress('image debian12: building it once, this takes a minute or two')
  const { mirror } = await apt()
  const root = `${folder}.new`
  await emptyFolder(root)
  const cache = `--cache-dir=${cacheFolder('apt', 'debootstrap')}`
  const include = `--include=${imagePackages.join(',')}`
  let shown = 0
  const show = (line: string): void => {
    if (!line.startsWith('I: ') || Date.now() - shown < 2000) return
    shown = Date.now()
    progress(`image debian12: ${line.slice(3)}`)
  }
  // First, since dpkg's own settings spare debootstrap most of its waiting for the disk.
  await writeLayer(root, imageFiles)
  await inNamespace(
    ['debootstrap', '--variant=minbase', cache, include, release, root, mirror],
    show,
  )
  await inNamespace(['chroot', root, 'sh', '-c', imageScript], show)
  await rename(root, folder)
}
