import { directory, download, file, packages, type Host } from '../../lib/index.js'
import { acmeKept, type Kept } from './facts.js'
import type { Family } from './families.js'
import { restartProgram } from './handlers.js'
import { kept } from './kept.js'
import { packageFile } from './packageFile.js'
import { packageFolder, packageSource, type PackageSource } from './packageSource.js'
import type { Params } from './params.js'

/** Installs the program; tells the others what the node has kept from before. */
export async function install(host: Host, wish: Params, family: Family): Promise<Kept> {
  const source = packageSource(wish, family)
  // First of all, so that check mode can tell it on a blank host too.
  const [own] = await host.ensure([
    kept({ home: family.home }),
    packages({ names: neededPackages(wish, family, source) }),
    directory({ path: packageFolder, mode: '0755' }),
    place(source),
    packageFile({ path: source.path, family, notify: restartProgram }),
  ])
  await host.publish(acmeKept, own.output)
  return own.output
}

function neededPackages(wish: Params, family: Family, source: PackageSource): readonly string[] {
  const names = wish.packages ?? family.packages
  const secure = 'url' in source && source.url.startsWith('https:')
  return secure ? [...names, 'ca-certificates'] : names
}

function place(source: PackageSource) {
  return 'url' in source
    ? download(source)
    : file({ path: source.path, source: source.file, mode: '0644' })
}
