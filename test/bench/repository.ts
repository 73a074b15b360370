import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install, packPackage } from '../fixtures/packed.js'

/** A user's repository in the folder of a bench: what of it is started. */
export function repository(
  folder: string,
): Readonly<Record<'own' | 'tsx' | 'playbook' | 'loaded', string>> {
  const own = join(folder, 'repository')
  return {
    own,
    tsx: join(own, 'node_modules/.bin/tsx'),
    playbook: join(own, 'playbook.ts'),
    loaded: join(own, 'loaded.ts'),
  }
}

/** Loads what W1 loads, and does nothing with it. */
const loading = `import 'hostwright'
import { createRequire } from 'node:module'
const load = createRequire(import.meta.url)
load('node-ssh')
load('handlebars/dist/handlebars.min.js')
`

/** Makes the repository: the playbook, and the package as it would be published, installed by npm. */
export async function makeRepository(folder: string): Promise<void> {
  const own = join(folder, 'repository')
  await mkdir(own, { recursive: true })
  await writeFile(join(own, 'package.json'), '{ "private": true, "type": "module" }\n')
  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
  const playbook = await readFile(here('playbook.ts'), 'utf8')
  await writeFile(join(own, 'playbook.ts'), playbook.replace('../../lib/index.js', 'hostwright'))
  await writeFile(join(own, 'loaded.ts'), loading)
  await cp(here('workloads.ts'), join(own, 'workloads.ts'))
  await cp(here('templates'), join(own, 'templates'), { recursive: true })
  const { tarball } = await packPackage(folder)
  await install(own, tarball)
}
