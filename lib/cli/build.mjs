// Makes the package's dist/: the library and the roles compiled, and what they read beside them. The
// library is bundled: a program that starts through tsx pays a millisecond or two for each module.
// usage: node lib/cli/build.mjs
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
rmSync('dist', { recursive: true, force: true })
const tsc = fileURLToPath(import.meta.resolve('typescript/lib/tsc.js'))
const { status } = spawnSync(process.execPath, [tsc, '-p', 'lib/cli/tsconfig.build.json'], {
  stdio: 'inherit',
})
if (status !== 0) process.exit(status ?? 1)

// Of the library tsc's types are kept, and what is exported, started or imported by roles stays a file.
for (const file of filesOf('dist/lib')) if (/\.js(\.map)?$/.test(file)) rmSync(file)
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
const exported = Object.values(exports)
  .map((target) => /^\.\/dist\/(lib\/.*)\.js$/.exec(target.default ?? '')?.[1])
  .filter((path) => path !== undefined)
  .map((path) => `${path}.ts`)
// At each start tsx writes anew what imports something later; that is to be little.
const lazy = filesOf('lib').filter(
  (file) =>
    file.endsWith('.ts') &&
    !file.startsWith('lib/cli/template/') &&
    /\bimport\(/.test(readFileSync(file, 'utf8')),
)
await build({
  entryPoints: [...new Set([...exported, 'lib/internal.ts', 'lib/cli/main.ts', ...lazy])],
  outdir: 'dist',
  outbase: '.',
  chunkNames: 'lib/[name]-[hash]',
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20.11',
  sourcemap: true,
  logLevel: 'warning',
})

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

function filesOf(folder) {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, name))
}
