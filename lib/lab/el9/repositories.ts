import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inRoot } from '../namespace.js'
import { repositories } from './types.js'

const comps = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">
<comps>
  <group>
    <id>development</id>
    <name>Development Tools</name>
    <description>The smallest part of it that a lab has a use for.</description>
    <default>false</default>
    <uservisible>true</uservisible>
    <packagelist>
      <packagereq type="mandatory">make</packagereq>
      <packagereq type="default">patch</packagereq>
    </packagelist>
  </group>
</comps>
`

/** A modular package, as modulemd names it: `name-epoch:version-release.arch`. */
function modules(artifacts: readonly string[]): string {
  return `---
document: modulemd
version: 2
data:
  name: mariadb
  stream: "10.11"
  version: 9
  context: imitation
  arch: x86_64
  summary: MariaDB
  description: >-
    The database of Debian 12, as a stream.
  license:
    module: [MIT]
  dependencies:
    - requires:
        platform: [el9]
  profiles:
    server:
      rpms: [mariadb-server]
    client:
      rpms: [mariadb]
  artifacts:
    rpms:
${artifacts.map((one) => `      - "${one}"`).join('\n')}
...
---
document: modulemd-defaults
version: 1
data:
  module: mariadb
  profiles:
    "10.11": [server]
...
`
}

/** Writes the indexes of all repositories, by the image's own programs. */
export async function indexRepositories(
  root: string,
  folder: string,
  artifacts: readonly string[],
): Promise<void> {
  await writeFile(join(folder, 'comps.xml'), comps)
  await writeFile(join(folder, 'modules.yaml'), modules(artifacts))
  const script = `cd /mnt
for name in ${repositories.join(' ')}; do
  groups=
  [ $name != appstream ] || groups='--groupfile /mnt/comps.xml'
  createrepo_c --quiet --no-database --simple-md-filenames $groups $name
done
modifyrepo_c --mdtype=modules --simple-md-filenames modules.yaml appstream/repodata >/dev/null
rm comps.xml modules.yaml`
  await inRoot(root, script, { [folder]: '/mnt' })
}

/** Writes the index of a folder's packages. */
export async function indexRpms(root: string, folder: string): Promise<void> {
  const script = 'createrepo_c --quiet --no-database --simple-md-filenames /mnt'
  await inRoot(root, script, { [folder]: '/mnt' })
}
