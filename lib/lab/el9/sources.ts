import type { LayerFile } from '../files.js'
import { serverVariable } from './distribution.js'

/** Tells a host where the lab's repositories are. */
export function el9Sources(url: string, ownPackages: boolean): Record<string, LayerFile> {
  const { host } = new URL(url)
  return {
    [`etc/dnf/vars/${serverVariable}`]: { content: `${host}\n` },
    ...(ownPackages && {
      'etc/yum.repos.d/lab.repo': {
        content: `[lab]\nname=The lab's own packages\nbaseurl=${url}/\ngpgcheck=0\nmetadata_expire=1\n`,
      },
    }),
  }
}
