// Makes the package's dist/: the library and the roles compiled, and what they read beside them. The
// library is bundled: a program that starts through tsx pays a millisecond or two for each module.
// usage: node lib/cli/build.mjs
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
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
const importing = filesOf('lib').filter(
  (file) =>
    file.endsWith('.ts') &&
    !/^lib\/cli\/(?:template\/|main\.ts)/.test(file) &&
    /\bimport\(/.test(readFileSync(file, 'utf8')),
)
/** Whatever is loaded first begins with all that a playbook needs: so that comes in few files. */
const together = {
  name: 'together',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^entry:/ }, ({ path }) => ({
      path: path.slice('entry:'.length),
      namespace: 'entry',
    }))
    onResolve({ filter: /^\.\.?\// }, ({ kind, path, resolveDir }) =>
      kind === 'dynamic-import'
        ? { path: relative('.', join(resolveDir, path)), namespace: 'entry' }
        : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'entry' }, ({ path }) => ({
      contents: `import './lib/index.ts'\nexport * from './${path}'\n`,
      resolveDir: '.',
    }))
  },
}
await build({
  entryPoints: Object.fromEntries(
    [
      ...[...exported, 'lib/internal.ts', 'lib/cli/main.ts'].map((path) => [path, `entry:${path}`]),
      ...importing.map((path) => [path, path]),
    ].map(([path, entry]) => [path.replace(/\.ts$/, ''), entry]),
  ),
  plugins: [together],
  outdir: 'dist',
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
