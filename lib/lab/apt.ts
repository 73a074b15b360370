import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { cacheFolder } from './places.js'
import { run } from './run.js'

export const release = 'bookworm'

/** This machine's apt with a state of its own, so that the machine's is neither read nor changed. */
export interface PrivateApt {
  /** The Debian mirror that the machine uses. */
  readonly mirror: string
  /**
   * Downloads packages with all that they need beside what a root file system has, and gives the
   * names of the files.
   */
  download(
    root: string,
    packages: readonly string[],
    onLine?: (line: string) => void,
  ): Promise<readonly string[]>
  /** Where the packages are. */
  readonly archives: string
}

/**
 * Fetches the package lists of this machine's sources.
 *
 * @throws HostwrightError LAB_UNAVAILABLE when the sources do not offer the release
 */
export async function privateApt(): Promise<PrivateApt> {
  const folder = cacheFolder('apt')
  const archives = join(folder, 'archives')
  for (const part of ['lists/partial', 'archives/partial', 'state', 'debootstrap'])
    await mkdir(join(folder, part), { recursive: true })
  // The machine's settings (its proxy, its sources) without its hooks and paths.
  const settings = (await run('apt-config', ['dump']))
    .split('\n')
    .filter((line) => !/^(Dir|DPkg|APT::(Update|Sandbox|Architectures?))\b/.test(line))
  const own = [
    'Dir::Etc::Parts "/dev/null";',
    'Dir::Etc::Main "/dev/null";',
    `Dir::Etc::Preferences "${folder}/preferences";`,
    'Dir::Etc::PreferencesParts "/dev/null";',
    `Dir::State "${folder}/state";`,
    `Dir::State::Lists "${folder}/lists";`,
    `Dir::Cache "${folder}";`,
    'APT::Sandbox::User "root";',
  ]
  await writeFile(join(folder, 'apt.conf'), [...settings, ...own, ''].join('\n'))
  // Before what other sources of the machine offer under the same names.
  const preferences = ['Package: *', `Pin: release o=Debian,n=${release}*`, 'Pin-Priority: 900', '']
  await writeFile(join(folder, 'preferences'), preferences.join('\n'))
  const env = { APT_CONFIG: join(folder, 'apt.conf'), DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['-qq', 'update'], { env })
  const format = '$(CODENAME) $(ORIGIN) $(REPO_URI)'
  const targets = await run('apt-get', ['indextargets', '--format', format], { env })
  const mirror = targets.split('\n').find((line) => line.startsWith(`${release} Debian `))
  if (mirror === undefined)
    throw new HostwrightError(
      'LAB_UNAVAILABLE',
      `Cannot build an image: this machine's apt sources do not offer Debian "${release}"`,
      { hint: 'Add a Debian mirror to /etc/apt/sources.list.d' },
    )
  return {
    mirror: mirror.split(' ')[2] ?? '',
    archives,
    async download(root, packages, onLine) {
      const status = `Dir::State::status=${join(root, 'var/lib/dpkg/status')}`
      const install = ['install', '--yes', '--no-install-recommends', '-o', status]
      const show = onLine && { onLine }
      await run('apt-get', [...install, '--download-only', ...packages], { env, ...show })
      return namesOfFiles(await run('apt-get', [...install, '--simulate', ...packages], { env }))
    },
  }
}

/** Out of lines like `Inst tree [2.0] (2.1.0-1 Debian:12.9/stable [amd64])`. */
function namesOfFiles(simulation: string): readonly string[] {
  const lines = simulation.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+) .*\[(\S+)\]\)/gm)
  return [...lines].map(
    ([, name, version = '', architecture]) =>
      `${name}_${version.replaceAll(':', '%3a')}_${architecture}.deb`,
  )
}
