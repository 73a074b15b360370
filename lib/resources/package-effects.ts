import type { PackagesOptions } from './packages.js'
import { isAbsent } from './paths.js'
import type { PackageFileState } from './probes/packageFile.js'
import { packageState, type PackageState } from './probes/packages.js'
import { packageSet, type PackageSet } from './probes/packageSet.js'
import type { UnitState } from './probes/unitState.js'
import type { Effects, Query } from './types.js'

/** Whether a name is that of a group or a module of dnf. */
export function isSet(name: string): boolean {
  return name.startsWith('@')
}

/** Packages may touch anything; in check mode what is missing may come with them. */
export function packageEffects(
  wish: PackagesOptions,
  names: readonly string[],
  manager: 'apt' | 'dnf',
): Effects {
  const removed = wish.state === 'absent'
  const plural = names.length > 1 ? 'packages' : 'package'
  return {
    becomes: names.map((name) => {
      if (isSet(name)) return [packageSet(name), setAfter(name, removed)]
      const installed = removed ? null : (/=(.*)$/.exec(name)?.[1] ?? 'to be installed')
      return [packageState(name), { manager, installed, broken: false } satisfies PackageState]
    }),
    stale: () => true,
    unknown: {
      when: (query, answer) => dependsOnPackages(query, answer, removed),
      reason: `${plural} ${names.join(', ')} would be ${removed ? 'removed' : 'installed'} first`,
    },
  }
}

function setAfter(name: string, removed: boolean): PackageSet {
  const [, stream, profile] = /:([^/]+)(?:\/(.+))?$/.exec(name) ?? []
  const profiles = removed || profile === undefined ? [] : [profile]
  return { manager: 'dnf', installed: removed ? null : (stream ?? 'yes'), profiles }
}

/** Whether packages that come or go may give another answer. */
export function dependsOnPackages(query: Query, answer: unknown, removed: boolean): boolean {
  switch (query.kind.name) {
    case 'stat':
    case 'sha256':
    case 'content':
    case 'account':
    case 'groupEntry':
      return !removed && isAbsent(query, answer)
    case 'packageFile':
      return removed
        ? ((answer as PackageFileState | null)?.installed ?? null) !== null
        : answer === null
    case 'unitState':
      return ((answer as UnitState | null)?.loadState === 'not-found') !== removed
    case 'tcp':
      return removed ? answer === 'open' : answer !== 'open'
    case 'packageState':
    case 'packageCandidate':
    case 'packageSet':
    case 'identity':
    case 'system':
    case 'selinux':
      return false
    // A package or module may bring a repository.
    case 'packageUpdates':
      return !removed
    // Whatever asks a program may get another answer from it.
    default:
      return true
  }
}
