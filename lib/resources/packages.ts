import { HostwrightError } from '../core/errors.js'
import type { Change } from '../report/events.js'
import { aptInstall, aptRemove, aptUpdate } from './apt.js'
import { resourceType } from './define.js'
import { dnfInstall, dnfRemove, dnfUpdate, repositoryFlags } from './dnf.js'
import { isSet, packageEffects } from './package-effects.js'
import { checkWord, refuse } from './parameters.js'
import { packageCandidate, packageState, type PackageState } from './probes/packages.js'
import { packageSet, type PackageSet } from './probes/packageSet.js'
import { packageUpdates } from './probes/packageUpdates.js'
import type { Ask, CommonOptions, Plan, Query, Resource } from './types.js'

export interface PackagesOptions {
  /**
   * Names as the host's package manager has them, also `name=version`; for apt `name:architecture`,
   * for dnf `name.architecture`, groups (`@Development Tools`) and modules: `@mariadb:10.11` enables
   * the stream, `@mariadb:10.11/server` installs its profile too. `*`, alone and with `latest`, is
   * all that is installed.
   */
  readonly names: readonly string[]
  /**
   * `latest`: the newest version in the host's repositories. `absent` leaves configuration files, as
   * Ansible does; of a module it gives up the stream. @default 'present'
   */
  readonly state?: 'present' | 'absent' | 'latest'
  /** Recommended packages (dnf: weak dependencies) too. @default what the host's manager does */
  readonly installRecommends?: boolean
  /** Ids of repositories that count although they are disabled (dnf only). */
  readonly enableRepo?: readonly string[]
  /** Ids of repositories that do not count, `*` for all others (dnf only). */
  readonly disableRepo?: readonly string[]
}

const describe = resourceType<PackagesOptions>({
  name: 'packages',
  title: ({ names }) => names.join(' '),
  reads: (wish) =>
    isEverything(wish)
      ? [packageUpdates(repositoryFlags(wish))]
      : wish.names.flatMap((name): Query[] => {
          if (isSet(name)) return [packageSet(name)]
          const newest = wish.state === 'latest'
          return [
            packageState(name),
            ...(newest ? [packageCandidate(name, repositoryFlags(wish))] : []),
          ]
        }),
  plan(wish, ask) {
    if (isEverything(wish)) return planUpdate(wish, ask)
    const manager = managerOf(
      wish,
      ...wish.names.map(
        (name) => (isSet(name) ? ask(packageSet(name)) : ask(packageState(name))).manager,
      ),
    )
    const changes = wish.names.flatMap(
      (name) =>
        (isSet(name)
          ? setDifference(wish, ask(packageSet(name)), name, manager)
          : difference(wish, name, ask(packageState(name)), ask)) ?? [],
    )
    if (changes.length === 0) return { changes, steps: [] }
    const names = changes.map(({ property }) => property)
    const { installRecommends } = wish
    const script =
      manager === 'apt'
        ? wish.state === 'absent'
          ? aptRemove(names)
          : aptInstall(names, installRecommends)
        : wish.state === 'absent'
          ? dnfRemove(names, wish)
          : dnfInstall(names, installRecommends, wish)
    return { changes, steps: [{ script }], effects: packageEffects(wish, names, manager) }
  },
})

/**
 * Packages, all in one transaction, with nothing asked and changed configuration files kept. Package
 * lists are refreshed if they are older than an hour or lack a name. What an interrupted run has
 * left half installed is repaired first.
 *
 * Of a name that only other packages provide, any of them will do. A package of which there is the
 * file is installed by `packageFile`.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/apt_module.html
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/dnf_module.html
 * @see apt-get(8), dnf(8)
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED, UNSUPPORTED where the host's
 *   package manager has no such thing
 * @example
 * packages({ names: ['lsyncd', 'rsync'] })
 * @example
 * packages({ names: ['*'], state: 'latest' })
 */
export function packages(options: PackagesOptions & CommonOptions): Resource {
  const { names, state, enableRepo = [], disableRepo = [] } = options
  if (!Array.isArray(names) || names.length === 0)
    refuse('Cannot install packages: no names are given', `For example names: ['rsync']`)
  checkWord(state, 'state', ['present', 'absent', 'latest'])
  for (const name of names) checkName(name)
  if (names.includes('*') && (names.length > 1 || state !== 'latest'))
    refuse(
      'Cannot install "*": all that is installed can be updated only, and not beside other names',
      `Use names: ['*'] with state: 'latest'`,
    )
  for (const id of [...enableRepo, ...disableRepo])
    if (typeof id !== 'string' || !/^[A-Za-z0-9*?][\w.*?-]*$/.test(id))
      refuse(
        `Cannot use repository "${String(id)}": it is not the id of one`,
        'See dnf repolist --all',
      )
  const set = names.find(isSet)
  if (set !== undefined && state === 'latest')
    refuse(
      `Cannot keep "${set}" at the latest version: only packages have one`,
      `Use state: 'present'`,
    )
  return describe({ ...options, names: [...new Set(names)] })
}

function checkName(name: unknown): void {
  const plain =
    /^[A-Za-z0-9](?:[A-Za-z0-9+._-]*[A-Za-z0-9+_])?(?::[a-z0-9-]+)?(?:=[A-Za-z0-9.+:~_-]+)?$/
  const set = /^@[A-Za-z0-9](?:[\w .+-]*[\w+])?(?::[\w.+-]+(?:\/[\w.+-]+)?)?$/
  if (typeof name === 'string' && (name === '*' || plain.test(name) || set.test(name))) return
  const isFile = typeof name === 'string' && /^\/|:\/\//.test(name)
  refuse(
    `Cannot install "${String(name)}": it is not the name of a package`,
    isFile
      ? 'Use packageFile({ path }); where the file comes from the web, download before it'
      : 'Use name or name=version, @group or @module:stream',
  )
}

function isEverything({ names }: PackagesOptions): boolean {
  return names[0] === '*'
}

/** The host's manager; what it does not have is refused. */
function managerOf(
  wish: PackagesOptions,
  ...answers: readonly ('apt' | 'dnf' | null)[]
): 'apt' | 'dnf' {
  const [manager] = answers
  if (!manager)
    throw unsupported(
      'Cannot install packages: the host has neither apt nor dnf',
      'Use command for its package manager',
    )
  const { names, enableRepo, disableRepo } = wish
  const set = names.find(isSet)
  if (manager === 'apt' && set !== undefined)
    throw unsupported(
      `Cannot install "${set}": apt has neither groups nor modules`,
      'Name its packages',
    )
  if (manager === 'apt' && (enableRepo ?? disableRepo) !== undefined)
    throw unsupported(
      'Cannot choose repositories: the host has apt, which has no ids for them',
      'Leave enableRepo and disableRepo out',
    )
  const foreign = names.find((name) => !isSet(name) && name.replace(/=.*/, '').includes(':'))
  if (manager === 'dnf' && foreign !== undefined)
    throw unsupported(
      `Cannot install "${foreign}": dnf takes no architecture behind a colon`,
      'Use name.architecture, or @module:stream',
    )
  return manager
}

function unsupported(message: string, hint: string): HostwrightError {
  return new HostwrightError('UNSUPPORTED', message, { hint })
}

function planUpdate(wish: PackagesOptions, ask: Ask): Plan {
  const query = packageUpdates(repositoryFlags(wish))
  const now = ask(query)
  const manager = managerOf(wish, now.manager)
  known('what an update would do', now.error)
  const changes = now.updates.map(({ name, from, to }) => ({
    property: name,
    from: from ?? 'absent',
    to: to ?? 'absent',
  }))
  if (changes.length === 0) return { changes, steps: [] }
  const script = manager === 'apt' ? aptUpdate(wish.installRecommends) : dnfUpdate(wish)
  const { stale, unknown } = packageEffects(
    wish,
    now.updates.map(({ name }) => name),
    manager,
  )
  const becomes = [[query, { manager, updates: [] }]] as const
  return {
    changes,
    steps: [{ script }],
    effects: { becomes, ...(stale && { stale }), ...(unknown && { unknown }) },
  }
}

/** An answer that could not be got is an error, and no answer. */
function known(what: string, error: string | undefined): void {
  if (error === undefined) return
  throw new HostwrightError(
    'TASK_FAILED',
    `Cannot tell ${what}: the host's package manager fails`,
    {
      stderr: error,
      hint: 'See whether the host reaches its repositories',
    },
  )
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
  if (version !== undefined && !isVersion(version, state))
    return { property: name, from, to: version }
  if (wish.state !== 'latest' || state.providedBy !== undefined) return undefined
  const newest = ask(packageCandidate(name, repositoryFlags(wish)))
  if (newest !== null && typeof newest === 'object')
    known(`the newest version of "${name}"`, newest.error)
  return typeof newest !== 'string' || newest === installed
    ? undefined
    : { property: name, from, to: newest }
}

/** dnf takes a version without its epoch and without its release too. */
function isVersion(version: string, { manager, installed }: PackageState): boolean {
  if (manager !== 'dnf' || installed === null) return version === installed
  const plain = installed.replace(/^\d+:/, '')
  return [installed, plain, plain.replace(/-[^-]*$/, '')].includes(version)
}

function setDifference(
  wish: PackagesOptions,
  { installed, profiles, error }: PackageSet,
  name: string,
  manager: 'apt' | 'dnf',
): Change | undefined {
  if (manager === 'apt') return undefined
  known(`whether "${name}" is installed`, error)
  const from = installed ?? 'absent'
  if (wish.state === 'absent')
    return installed === null ? undefined : { property: name, from, to: 'absent' }
  const [, module = '', stream, profile] = /^@([^:]+)(?::([^/]+)(?:\/(.+))?)?$/.exec(name) ?? []
  if (stream === undefined)
    return installed === null ? { property: name, from, to: 'present' } : undefined
  if (installed !== null && installed !== stream)
    throw new HostwrightError(
      'TASK_FAILED',
      `Cannot enable module "${module}:${stream}": its stream "${installed}" is enabled`,
      {
        hint: `Give that one up first: packages({ names: ['@${module}:${installed}'], state: 'absent' })`,
      },
    )
  const done = installed !== null && (profile === undefined || profiles.includes(profile))
  return done ? undefined : { property: name, from, to: profile ?? 'enabled' }
}
