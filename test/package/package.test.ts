// The package as npm packs it, installed in a folder outside of the checkout.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { HostwrightEvent, RecapEvent, TaskEvent } from '../../lib/report/events.js'
import {
  copyFixture,
  install,
  packPackage,
  runIn,
  succeedIn,
  type Ended,
} from '../fixtures/packed.js'
import { tempFolder } from '../fixtures/run.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly dependencies: Readonly<Record<string, string>>
}

function eventsOf({ stdout }: Ended): readonly HostwrightEvent[] {
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as HostwrightEvent)
}

function changesOf(events: readonly HostwrightEvent[]): Readonly<Record<string, number>> {
  const recap = events.find((event): event is RecapEvent => event.type === 'recap')
  return Object.fromEntries(
    Object.entries(recap?.hosts ?? {}).map(([host, { changed }]) => [host, changed]),
  )
}

t.test('the package', { timeout: 900_000 }, async (t) => {
  const folder = await tempFolder(t)
  const { tarball, size, files } = await packPackage(folder)
  const site = join(folder, 'site')
  await copyFixture('package', site)
  await install(site, tarball, 'typescript@~6.0.3', '@types/node@20')
  const playbook = async (program: string, ...args: readonly string[]): Promise<Ended> =>
    await runIn(site, 'npx', program.endsWith('.ts') ? 'tsx' : 'node', program, ...args)

  await t.test('holds what it names, and nothing of the tests', async (t) => {
    for (const [name, target] of Object.entries(own.exports))
      for (const path of typeof target === 'string' ? [target] : Object.values(target)) {
        const pattern = new RegExp(`^${path.slice(2).replaceAll('.', '\\.').replace('*', '\\w+')}$`)
        t.ok(
          files.some((file) => pattern.test(file)),
          `${name}: ${path}`,
        )
      }
    for (const path of Object.values(own.bin)) t.ok(files.includes(path), path)
    for (const path of [
      'roles/mariadb_master_master/README.md',
      'roles/mariadb_master_master/index.ts',
      'dist/roles/mariadb_master_master/templates/master-master.cnf.hbs',
      'dist/lib/lab/boot-host.sh',
    ])
      t.ok(files.includes(path), path)
    t.same(
      files.filter((file) =>
        /^(?!template\/).*\.test\.|(^|\/)test\/|^(playbooks|inventories|scripts)\//.test(file),
      ),
      [],
    )
    t.ok(size < 1_000_000, `${size} bytes`)
  })

  await t.test('is checked by a strict compiler', async (t) => {
    t.match(await runIn(site, 'npx', 'tsc', '-p', '.'), { exitCode: 0, stdout: '' })
  })

  await t.test('has its command, compiled', async (t) => {
    const installed = join(site, 'node_modules/hostwright')
    t.notOk(existsSync(join(installed, 'lib/cli/main.ts')))
    t.equal(await succeedIn(site, 'npx', 'hostwright', '--version'), `${own.version}\n`)
    const started = performance.now()
    t.match(
      await succeedIn(site, 'node', join(installed, own.bin['hostwright'] ?? ''), '--help'),
      'Usage: hostwright',
    )
    t.comment(`hostwright --help: ${Math.round(performance.now() - started)} ms`)
    t.match(
      await runIn(site, 'npx', 'hostwright', 'run', 'named.ts', '-i', 'local.yml', '--list-hosts'),
      { exitCode: 0, stdout: /one/ },
      'it reads TypeScript',
    )
  })

  await t.test('says where a role of it works', async (t) => {
    for (const [program, file] of [
      ['named.ts', 'roles/cluster_hosts/index.ts'],
      ['named.mjs', 'dist/roles/cluster_hosts/index.js'],
    ] as const) {
      const ended = await playbook(program, '-i', 'local.yml', '--check', '--output', 'json')
      const task = eventsOf(ended).find(
        (event): event is TaskEvent => event.type === 'task' && event.role === 'cluster_hosts',
      )
      t.equal(task?.place?.file, join(site, 'node_modules/hostwright', file), ended.stderr)
      const lines = readFileSync(task?.place?.file ?? '', 'utf8').split('\n')
      t.match(lines[(task?.place?.line ?? 0) - 1], 'hostsEntry(')
    }
  })

  await t.test('builds hosts from TypeScript, and finds them done from JavaScript', async (t) => {
    const lab = async (command: string) =>
      await succeedIn(site, 'npx', 'hostwright', 'lab', command, '-i', 'hosts.ts')
    t.teardown(async () => void (await lab('down')))
    await lab('down')
    await lab('up')
    const run = async (program: string) =>
      await playbook(program, '-i', 'hosts.ts', '--output', 'json')
    const first = await run('site.ts')
    t.equal(first.exitCode, 0, first.stderr)
    t.ok((changesOf(eventsOf(first))['one'] ?? 0) > 5)
    for (const program of ['site.ts', 'site.mjs']) {
      const again = await run(program)
      t.equal(again.exitCode, 0, again.stderr)
      t.same(changesOf(eventsOf(again)), { one: 0, two: 0 }, program)
    }
    const flags = ['--import', 'tsx', '--test', 'roles/notice/notice.test.ts']
    const tested = await runIn(site, 'node', ...flags)
    t.equal(tested.exitCode, 0, `${tested.stdout}\n${tested.stderr}`)
  })

  await t.test('init begins a repository whose tests pass', async (t) => {
    const repository = join(folder, 'tpack')
    const bin = join(site, 'node_modules/hostwright', own.bin['hostwright'] ?? '')
    t.match(await succeedIn(folder, 'node', bin, 'init', 'tpack'), /cd tpack\n {2}npm install\n/)
    const before = readFileSync(join(repository, 'package.json'), 'utf8')
    t.match(await runIn(repository, 'node', bin, 'init'), {
      exitCode: 1,
      stdout: '',
      stderr: /Cannot write ".*": it is there already\n {2}code: USAGE_INVALID/,
    })
    t.equal(readFileSync(join(repository, 'package.json'), 'utf8'), before)
    t.ok(existsSync(join(repository, '.gitignore')))
    await install(repository, tarball)
    const tested = await runIn(repository, 'npm', 'test')
    t.equal(tested.exitCode, 0, `${tested.stdout}\n${tested.stderr}`)
    t.match(tested.stdout, /^# pass 2$/m)
    const status = await runIn(repository, 'npx', 'hostwright', 'lab', 'status')
    t.match(status, { exitCode: 1, stdout: /: down$/m })
  })
})
