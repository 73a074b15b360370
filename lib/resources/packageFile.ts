import { HostwrightError } from '../core/errors.js'
import { aptInstall } from './apt.js'
import { resourceType } from './define.js'
import { dnfInstall } from './dnf.js'
import { dependsOnPackages } from './package-effects.js'
import { checkPath, refuse } from './parameters.js'
import { packageFile as packageFileState, type PackageFileState } from './probes/packageFile.js'
import { packageState } from './probes/packages.js'
import {
  Unknown,
  type CommonOptions,
  type Plan,
  type Resource,
  type ResourceType,
} from './types.js'

export interface PackageFileOptions {
  /** The file on the host: a .deb where it has apt, an .rpm where it has dnf. */
  readonly path: string
}

/** For a type that installs the file in its own way too. */
export const packageFileType: ResourceType<PackageFileOptions> = {
  name: 'packageFile',
  title: ({ path }) => path,
  reads: ({ path }) => [packageFileState(path)],
  plan({ path }, ask) {
    const now = ask.maybe(packageFileState(path))
    if (now instanceof Unknown) {
      const change = { property: 'package', from: 'unknown', to: path }
      return { ...install(path, change), unknown: now.reason }
    }
    const { name, version, installed, broken } = identified(path, now)
    if (installed === version && !broken) return { changes: [], steps: [] }
    const from = broken ? `${installed ?? ''} (half installed)` : (installed ?? 'absent')
    const { effects, ...plan } = install(path, { property: name, from, to: version })
    const after = { manager: managerOf(path), installed: version, broken: false }
    const file = { ...now!, installed: version, broken: false }
    const becomes = [[packageState(name), after] as const, [packageFileState(path), file] as const]
    return { ...plan, effects: { ...effects, becomes } }
  },
}

const describe = resourceType(packageFileType)

/**
 * A package of which there is the file on the host, in the file's version, be that newer or older
 * than what is installed, with what it needs from the repositories. Name and version count, not the
 * file's other content. What an interrupted run has left half installed is repaired first, and
 * changed configuration files are kept.
 *
 * The file comes from the controller by `file`, or from the web by `download`, which
 * checks its SHA-256. Signatures are not looked at: neither apt nor dnf does so with a file.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/apt_module.html#parameter-deb
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/dnf_module.html
 * @see apt-get(8), dnf(8)
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED where there is no such file or
 *   it is no package, UNSUPPORTED for the other manager's format
 * @example
 * packageFile({ path: '/var/cache/tool.deb' })
 */
export function packageFile(options: PackageFileOptions & CommonOptions): Resource {
  const path = checkPath(options.path)
  if (!/\.(?:deb|rpm)$/.test(path))
    refuse(
      `Cannot install "${path}": its name ends in neither .deb nor .rpm`,
      'apt and dnf know package files by that: give it such a name',
    )
  return describe({ ...options, path })
}

function managerOf(path: string): 'apt' | 'dnf' {
  return path.endsWith('.deb') ? 'apt' : 'dnf'
}

function identified(path: string, now: PackageFileState | null) {
  if (now === null)
    throw new HostwrightError('TASK_FAILED', `Cannot install "${path}": there is no such file`, {
      hint: 'Bring it before: file for one of the controller, download for one of the web',
    })
  if (now.manager !== managerOf(path))
    throw new HostwrightError(
      'UNSUPPORTED',
      now.manager === null
        ? `Cannot install "${path}": the host has neither apt nor dnf`
        : `Cannot install "${path}": the host takes files of format ${now.manager === 'apt' ? 'deb' : 'rpm'}`,
      { hint: 'Choose the file by (await host.facts()).packageManager' },
    )
  const { name, version, installed, broken } = now
  if (name === null || version === null)
    throw new HostwrightError('TASK_FAILED', `Cannot install "${path}": it is not a package`, {
      hint: 'Remove the file, and see where it comes from',
    })
  return { name, version, installed, broken }
}

function install(path: string, change: Plan['changes'][number]): Plan {
  const script =
    managerOf(path) === 'apt' ? aptInstall([path], undefined, { older: true }) : dnfInstall([path])
  return {
    changes: [change],
    steps: [{ script }],
    effects: {
      stale: () => true,
      unknown: {
        when: (query, answer) => dependsOnPackages(query, answer, false),
        reason: `package ${path} would be installed first`,
      },
    },
  }
}
