// Makes the package's dist/: the library and the roles compiled, and what they read beside them.
// usage: node scripts/build.mjs
import { spawnSync } from 'node:child_process'
import { cpSync, rmSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
rmSync('dist', { recursive: true, force: true })
const tsc = fileURLToPath(import.meta.resolve('typescript/lib/tsc.js'))
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
})
if (status !== 0) process.exit(status ?? 1)
// These two are run from the checkout or the package, never from dist.
const left = ['lib/cli/bootstrap.mjs', 'lib/cli/hostwright.mjs']
for (const folder of ['lib', 'roles'])
  cpSync(folder, `dist/${folder}`, {
    recursive: true,
    filter: (file) =>
      statSync(file).isDirectory() ||
      !(['.ts', '.md'].includes(extname(file)) || left.includes(file)),
  })
