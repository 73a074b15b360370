import { HostwrightError } from '../core/errors.js'
import type { Change } from '../report/events.js'
import { aptInstall, aptRemove } from './apt.js'
import { resourceType } from './define.js'
import { dnfInstall, dnfRemove } from './dnf.js'
import { isAbsent } from './paths.js'
import { checkWord, refuse } from './parameters.js'
import { packageCandidate, packageState, type PackageState } from './probes/packages.js'
import type { UnitState } from './probes/unitState.js'
import type { Ask, CommonOptions, Effects, Query, Resource } from './types.js'

export interface PackagesOptions {
  /** Names as the host's package manager has them; for apt also `name:architecture`, `name=version`. */
  readonly names: readonly string[]
  /**
   * `latest`: the newest version in the host's package lists (apt only). `absent` leaves
   * configuration files, as Ansible does. @default 'present'
   */
  readonly state?: 'present' | 'absent' | 'latest'
  /** Recommended packages (dnf: weak dependencies) too. @default what the host's manager does */
  readonly installRecommends?: boolean
}

const describe = resourceType<PackagesOptions>({
  name: 'packages',
  title: ({ names }) => names.join(' '),
  reads: ({ names, state }) => [
    ...names.map((name) => packageState(name)),
    ...(state === 'latest' ? names.map((name) => packageCandidate(name)) : []),
  ],
  plan(wish, ask) {
    const states = wish.names.map((name) => ask(packageState(name)))
    const manager = states[0]?.manager
    if (!manager)
      throw new HostwrightError(
        'UNSUPPORTED',
        'Cannot install packages: the host has neither apt nor dnf',
        {
          hint: 'Use command for its package manager',
        },
      )
    if (manager === 'dnf' && wish.state === 'latest')
      throw new HostwrightError(
        'UNSUPPORTED',
        'Cannot keep packages at the latest version: the host has dnf',
        {
          hint: `Use state: 'present'`,
        },
      )
    const changes = wish.names.flatMap((name, at) => difference(wish, name, states[at]!, ask) ?? [])
    if (changes.length === 0) return { changes, steps: [] }
    const names = changes.map(({ property }) => property)
    const remove = wish.state === 'absent'
    const install = manager === 'apt' ? aptInstall : dnfInstall
    const uninstall = manager === 'apt' ? aptRemove : dnfRemove
    return {
      changes,
      steps: [{ script: remove ? uninstall(names) : install(names, wish.installRecommends) }],
      effects: effects(wish, names, manager),
    }
  },
})

/**
 * Packages, all in one transaction, with nothing asked and changed configuration files kept. Package
 * lists are refreshed if they are older than an hour or lack a name. What an interrupted run has
 * left half installed is repaired first.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/apt_module.html
 * @see apt-get(8), dnf(8)
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED, UNSUPPORTED
 * @example
 * packages({ names: ['lsyncd', 'rsync'] })
 */
export function packages(options: PackagesOptions & CommonOptions): Resource {
  const { names, state } = options
  if (!Array.isArray(names) || names.length === 0)
    refuse('Cannot install packages: no names are given', `For example names: ['rsync']`)
  for (const name of names)
    if (
      !/^[A-Za-z0-9](?:[A-Za-z0-9+._-]*[A-Za-z0-9+_])?(?::[a-z0-9-]+)?(?:=[A-Za-z0-9.+:~_-]+)?$/.test(
        name,
      )
    )
      refuse(
        `Cannot install "${String(name)}": it is not the name of a package`,
        'Use name or name=version',
      )
  checkWord(state, 'state', ['present', 'absent', 'latest'])
  return describe({ ...options, names: [...new Set(names)] })
}

function difference(
  wish: PackagesOptions,
  name: string,
  state: PackageState,
  ask: Ask,
): Change | undefined {
  const { installed, broken } = state
  const from = broken ? `${installed ?? ''} (half installed)` : (installed ?? 'absent')
  if (wish.state === 'absent')
    return installed === null || state.providedBy !== undefined
      ? undefined
      : { property: name, from, to: 'absent' }
  const version = /=(.*)$/.exec(name)?.[1]
  if (installed === null || broken) return { property: name, from, to: version ?? 'present' }
  if (version !== undefined && version !== installed) return { property: name, from, to: version }
  if (wish.state !== 'latest' || state.providedBy !== undefined) return undefined
  const candidate = ask(packageCandidate(name))
  return candidate === null || candidate === installed
    ? undefined
    : { property: name, from, to: candidate }
}

/** Packages may touch anything; in check mode what is missing may come with them. */
function effects(wish: PackagesOptions, names: readonly string[], manager: 'apt' | 'dnf'): Effects {
  const removed = wish.state === 'absent'
  const plural = names.length > 1 ? 'packages' : 'package'
  return {
    becomes: names.map((name) => {
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

function dependsOnPackages(query: Query, answer: unknown, removed: boolean): boolean {
  switch (query.kind.name) {
    case 'stat':
    case 'sha256':
    case 'content':
    case 'account':
    case 'groupEntry':
      return !removed && isAbsent(query, answer)
    case 'unitState':
      return ((answer as UnitState | null)?.loadState === 'not-found') !== removed
    case 'tcp':
      return removed ? answer === 'open' : answer !== 'open'
    case 'packageState':
    case 'packageCandidate':
    case 'identity':
    case 'system':
      return false
    // Whatever asks a program may get another answer from it.
    default:
      return true
  }
}
