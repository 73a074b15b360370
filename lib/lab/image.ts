import type { PrivateApt } from './apt.js'
import { buildDebian12Image, debian12Image } from './debian12/image.js'
import { buildDebian12Repository, debian12Repository } from './debian12/repository.js'
import { buildEl9, el9Image, el9Repository } from './el9/build.js'
import { buildTarballImage, tarballImage } from './tarball.js'
import type { LabImage, Progress } from './types.js'

/** What hosts boot from. */
export interface Image {
  /** Its root file system, once it has been built. */
  readonly folder: string
  /** The packages that the lab serves to its hosts. Hosts of a tarball keep their own sources. */
  readonly repository?: string
  /** The format of these packages. */
  readonly format?: 'deb' | 'rpm'
  /**
   * Builds what is not in the cache. The caller has the cache's lock.
   *
   * @throws HostwrightError LAB_UNAVAILABLE for a tarball that is not there or cannot boot, LAB_FAILED
   */
  build(apt: () => Promise<PrivateApt>, progress: Progress): Promise<void>
}

export function imageOf(name: LabImage): Image {
  switch (name) {
    case 'debian12':
      return {
        folder: debian12Image(),
        repository: debian12Repository(),
        format: 'deb',
        async build(apt, progress) {
          await buildDebian12Image(apt, progress)
          await buildDebian12Repository(apt, progress)
        },
      }
    case 'el9':
      return {
        folder: el9Image(),
        repository: el9Repository(),
        format: 'rpm',
        build: buildEl9,
      }
    default:
      return {
        folder: tarballImage(name),
        build: async (_apt, progress) => await buildTarballImage(name, progress),
      }
  }
}
