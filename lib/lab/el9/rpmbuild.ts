import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyFolder } from '../emptyFolder.js'
import { inRoot } from '../namespace.js'
import { cacheFolder } from '../places.js'
import { run } from '../run.js'
import type { Progress } from '../types.js'
import { edition } from './definition.js'
import type { Deb } from './debs.js'
import type { ResolvedRpm } from './resolve.js'
import { specOf } from './spec.js'
import { layOutTree } from './tree.js'

/** A package and the folder of the cache that has its file. */
export interface BuiltRpm {
  readonly resolved: ResolvedRpm
  readonly folder: string
}

const at = '/mnt'

/**
 * Builds the packages that are not in the cache, by the image's own rpmbuild: one whose definition
 * or Debian packages have changed is built anew.
 *
 * @throws HostwrightError LAB_FAILED
 */
export async function buildRpms(
  all: readonly ResolvedRpm[],
  root: string,
  archives: string,
  progress: Progress,
): Promise<readonly BuiltRpm[]> {
  const built = all.map((resolved) => ({ resolved, folder: cacheFolder('rpms', keyOf(resolved)) }))
  const missing = built.filter(({ folder }) => !existsSync(folder))
  if (missing.length === 0) return built
  progress(`image el9: building ${missing.length} packages`)
  const work = cacheFolder('rpms', 'work.new')
  await emptyFolder(work)
  const debs = new Set(missing.flatMap(({ resolved }) => extractable(resolved)))
  await extract([...debs], archives, join(work, 'debs'))
  for (const [index, { resolved }] of missing.entries()) {
    const tree = join(work, String(index), 'tree')
    const extracted = extractable(resolved).map(({ name }) => join(work, 'debs', name))
    const entries = await layOutTree(resolved.rpm, extracted, tree, root)
    await writeFile(
      join(work, String(index), 'list'),
      ['%defattr(-, root, root, -)', ...entries, ''].join('\n'),
    )
    const spec = specOf(resolved, `${at}/${index}/tree`, `${at}/${index}/list`)
    await writeFile(join(work, String(index), 'package.spec'), spec)
  }
  await mkdir(join(work, 'tmp'))
  await inRoot(root, script, { [work]: at }, counting(missing.length, progress))
  for (const [index, { folder }] of missing.entries()) {
    const [file = ''] = (
      await readdir(join(work, String(index), 'out'), { recursive: true })
    ).filter((name) => name.endsWith('.rpm'))
    const place = join(work, String(index), 'done')
    await mkdir(place)
    await rename(join(work, String(index), 'out', file), join(place, file.split('/').at(-1) ?? ''))
    await rename(place, folder)
  }
  await rm(work, { recursive: true })
  return built
}

const script = `cd ${at}
ls -d [0-9]* | xargs -P 2 -n 1 sh -c '
rpmbuild -bb --quiet --nodeps --define "_topdir ${at}/$1/top" --define "_rpmdir ${at}/$1/out" \\
  --define "_tmppath ${at}/tmp" --define "_dbpath /tmp/none" "$1/package.spec" >"$1/log" 2>&1 || {
  tail -n 5 "$1/log" >&2; exit 255; }
echo built' rpm`

/** Tells how far it is, every two seconds. */
function counting(total: number, progress: Progress): (line: string) => void {
  let count = 0
  let shown = Date.now()
  return (line) => {
    if (line !== 'built') return
    count += 1
    if (Date.now() - shown < 2000) return
    shown = Date.now()
    progress(`image el9: ${count} of ${total} packages are built`)
  }
}

/** What belongs to a package besides names of Debian's: those in the image give no files. */
function extractable({ debs }: ResolvedRpm): readonly Deb[] {
  return debs.filter(({ file }) => file !== undefined)
}

async function extract(debs: readonly Deb[], archives: string, folder: string): Promise<void> {
  await mkdir(folder)
  const pairs = debs.flatMap(({ name, file = '' }) => [join(archives, file), join(folder, name)])
  const each = `printf '%s\\n' "$@" | xargs -r -P 2 -n 2 dpkg-deb -x`
  await run('sh', ['-ec', each, 'extract', ...pairs])
}

function keyOf({ rpm, debs, requires }: ResolvedRpm): string {
  const files = debs.map(({ name, version, file }) => [name, version, file])
  const text = JSON.stringify([edition, rpm, files, requires], plain)
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** For JSON, which has no expressions. */
export function plain(_key: string, value: unknown): unknown {
  return value instanceof RegExp ? String(value) : value
}
