import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, readdir, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { PrivateApt } from '../apt.js'
import { debian12Image, buildDebian12Image } from '../debian12/image.js'
import { emptyFolder } from '../emptyFolder.js'
import { inRoot } from '../namespace.js'
import { cacheFolder } from '../places.js'
import { run } from '../run.js'
import type { Progress } from '../types.js'
import { debsOf, installedDebs } from './debs.js'
import { edition, finalScript, shapeScript, stagePackages } from './definition.js'
import { baseNames } from './distribution.js'
import { indexRepositories } from './repositories.js'
import { resolveRpms } from './resolve.js'
import { buildRpms, plain, type BuiltRpm } from './rpmbuild.js'
import { versionOf } from './spec.js'
import { rpms } from './table.js'
import { repositories } from './types.js'

const definition = JSON.stringify(
  [edition, stagePackages, shapeScript, finalScript, baseNames, rpms],
  plain,
)

/** The image's folder; it has another name when the definition of the image or a package changes. */
export function el9Image(): string {
  return cacheFolder('images', `el9-${hash()}`)
}

/** The folder of its repositories: `baseos`, `appstream`, `extras` and `epel`. */
export function el9Repository(): string {
  return cacheFolder('packages', `el9-${hash()}`)
}

function hash(): string {
  const text = `${basename(debian12Image())}\n${definition}`
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** Debian 12 with the programs that make and install EL9's packages. */
function baseImage(): string {
  const text = `${basename(debian12Image())}\n${stagePackages.join(' ')}`
  const id = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return cacheFolder('images', `el9base-${id}`)
}

/**
 * Builds the imitation of EL9 out of Debian 12, and the repositories of its packages. The caller has
 * the cache's lock.
 *
 * @throws HostwrightError LAB_FAILED
 */
export async function buildEl9(apt: () => Promise<PrivateApt>, progress: Progress): Promise<void> {
  await buildDebian12Image(apt, progress)
  progress('image el9: building an imitation of EL9 out of Debian 12 once, this takes some minutes')
  const { archives, download } = await apt()
  const showing = every(2000, (line) => progress(`image el9: ${line}`))
  const show = (line: string): void => {
    if (line.startsWith('Get:')) showing(line)
  }
  const base = baseImage()
  if (!existsSync(base)) {
    await copyRoot(debian12Image(), `${base}.new`)
    const tools = await download(`${base}.new`, stagePackages, show)
    progress('image el9: installing dnf and rpm')
    const files = tools.map((file) => `./${file}`).join(' ')
    const install = `cd /mnt && apt-get -qq -y --no-install-recommends install ${files}`
    await inRoot(`${base}.new`, install, { [archives]: '/mnt' })
    await rename(`${base}.new`, base)
  }
  const installed = await installedDebs(base)
  const wanted = [...new Set(rpms.flatMap(({ debs = [] }) => debs))]
  const missing = wanted.filter((name) => !installed.has(name))
  const available = await debsOf(archives, await download(base, missing, show))
  const built = await buildRpms(resolveRpms(rpms, installed, available), base, archives, progress)
  progress('image el9: writing the indexes of its repositories')
  const repository = `${el9Repository()}.new`
  await fillRepository(built, repository)
  await indexRepositories(base, repository, artifactsOf(built))
  progress('image el9: installing its own packages')
  const root = `${el9Image()}.new`
  await copyRoot(base, root)
  await inRoot(root, shapeScript)
  const options = '--setopt=reposdir=/dev/null --releasever=9 --nogpgcheck'
  const source = '--repofrompath=baseos,file:///mnt/baseos'
  const install = `dnf -q -y ${options} ${source} install ${baseNames.join(' ')}`
  await inRoot(root, install, { [repository]: '/mnt' })
  await inRoot(root, finalScript)
  await emptyFolder(el9Repository())
  await rename(repository, el9Repository())
  await rename(root, el9Image())
}

async function copyRoot(from: string, to: string): Promise<void> {
  await emptyFolder(to)
  await run('cp', ['-a', '--reflink=auto', `${from}/.`, to])
}

async function fillRepository(built: readonly BuiltRpm[], folder: string): Promise<void> {
  await emptyFolder(folder)
  for (const name of repositories) await mkdir(join(folder, name))
  for (const { resolved, folder: from } of built)
    for (const file of await readdir(from))
      await link(join(from, file), join(folder, resolved.rpm.repository, file))
}

/** The packages that only those see who enable a module's stream. */
function artifactsOf(built: readonly BuiltRpm[]): readonly string[] {
  return built
    .filter(({ resolved }) => resolved.rpm.module !== undefined)
    .map(({ resolved }) => {
      const { epoch = '0', version, release } = versionOf(resolved)
      return `${resolved.rpm.name}-${epoch}:${version}-${release}.x86_64`
    })
}

function every(milliseconds: number, work: (line: string) => void): (line: string) => void {
  let last = 0
  return (line) => {
    if (Date.now() - last < milliseconds) return
    last = Date.now()
    work(line)
  }
}
