import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { PrivateApt } from './apt.js'
import { release } from './apt.js'
import { imageFiles, imagePackages, imageScript } from './debian12.js'
import { writeLayer } from './files.js'
import { cacheFolder } from './places.js'
import { run } from './run.js'
import type { Progress } from './types.js'

/** The image's folder; it has another name when the image's definition changes. */
export function imageFolder(): string {
  const definition = JSON.stringify([release, imagePackages, imageFiles, imageScript])
  const hash = createHash('sha256').update(definition).digest('hex').slice(0, 12)
  return cacheFolder('images', `debian12-${hash}`)
}

/**
 * Builds the image where it is not in the cache. The caller has the cache's lock.
 *
 * @throws HostwrightError LAB_FAILED
 */
export async function buildImage(
  apt: () => Promise<PrivateApt>,
  progress: Progress,
): Promise<void> {
  const folder = imageFolder()
  if (existsSync(folder)) return
  progress('image debian12: building it once, this takes a minute or two')
  const { mirror } = await apt()
  const images = dirname(folder)
  await mkdir(images, { recursive: true })
  // What an interrupted build left.
  for (const name of await readdir(images))
    if (name.endsWith('.new')) await rm(join(images, name), { recursive: true })
  const root = `${folder}.new`
  const cache = `--cache-dir=${cacheFolder('apt', 'debootstrap')}`
  const include = `--include=${imagePackages.join(',')}`
  // First, since dpkg's own settings spare debootstrap most of its waiting for the disk.
  await writeLayer(root, imageFiles)
  await inNamespace(
    ['debootstrap', '--variant=minbase', cache, include, release, root, mirror],
    progress,
  )
  await inNamespace(['chroot', root, 'sh', '-c', imageScript], progress)
  await rename(root, folder)
}

/** Runs a command whose mounts and processes end with it, however it ends. */
async function inNamespace(command: readonly string[], progress: Progress): Promise<void> {
  const flags = ['--mount', '--pid', '--fork', '--kill-child']
  let shown = 0
  await run('unshare', [...flags, '--', ...command], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    onLine: (line) => {
      if (!line.startsWith('I: ') || Date.now() - shown < 2000) return
      shown = Date.now()
      progress(`image debian12: ${line.slice(3)}`)
    },
  })
}
