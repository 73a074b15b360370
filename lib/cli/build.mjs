// Makes the package's dist/: the library and the roles compiled, and what they read beside them.
// usage: node lib/cli/build.mjs
import { spawnSync } from 'node:child_process'
import { cpSync, rmSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
rmSync('dist', { recursive: true, force: true })
const tsc = fileURLToPath(import.meta.resolve('typescript/lib/tsc.js'))
const { status } = spawnSync(process.execPath, [tsc, '-p', 'lib/cli/tsconfig.build.json'], {
  stdio: 'inherit',
})
if (status !== 0) process.exit(status ?? 1)
// These are run from the checkout or the package, never from dist.
const left = [
  'bootstrap.mjs',
  'build.mjs',
  'create-hostwright',
  'hostwright.mjs',
  'template',
  'tsconfig.build.json',
]
for (const folder of ['lib', 'roles'])
  cpSync(folder, `dist/${folder}`, {
    recursive: true,
    filter: (file) =>
      !left.some((name) => file === `lib/cli/${name}`) &&
      (statSync(file).isDirectory() || !['.ts', '.md'].includes(extname(file))),
  })
