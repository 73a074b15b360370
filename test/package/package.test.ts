// The package as npm packs it, installed in a folder outside of the checkout.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Host } from '../../lib/host/index.js'
import { defineLab } from '../../lib/lab/index.js'
import { command, file } from '../../lib/resources/index.js'
import { testRole } from '../../lib/testing/index.js'
import type { HostwrightEvent, RecapEvent, TaskEvent } from '../../lib/report/events.js'
import {
  copyFixture,
  install,
  packPackage,
  runIn,
  succeedIn,
  type Ended,
} from '../fixtures/packed.js'
import { blocksOf, scriptOf } from '../fixtures/page.js'
import { serveRegistry } from '../fixtures/registry.js'
import { tempFolder } from '../fixtures/run.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly name: string
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

t.test('the package', { timeout: 1_500_000 }, async (t) => {
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
          files.some((one) => pattern.test(one)),
          `${name}: ${path}`,
        )
      }
    for (const path of Object.values(own.bin)) t.ok(files.includes(path), path)
    for (const path of [
      'roles/mariadb_master_master/README.md',
      'roles/mariadb_master_master/index.ts',
      'dist/roles/mariadb_master_master/templates/master-master.cnf.hbs',
      'dist/lib/lab/boot-host.sh',
      'docs/errors.md',
    ])
      t.ok(files.includes(path), path)
    t.same(
      files.filter((one) =>
        /^(?!lib\/cli\/template\/).*\.test\.|(^|\/)test\/|^(playbooks|inventories)\//.test(one),
      ),
      [],
    )
    t.ok(size < 1_000_000, `${size} bytes`)
  })

  await t.test('is checked by a strict compiler, with the examples of the documents', async (t) => {
    for (const page of ['roles', 'testing'])
      for (const [index, { language, text }] of blocksOf(`docs/${page}.md`).entries())
        if (language === 'ts') writeFileSync(join(site, `${page}-${index}.ts`), text)
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
    t.match(
      await runIn(site, 'npx', 'hostwright', 'run', 'none.ts'),
      { exitCode: 1, stderr: '  see: node_modules/hostwright/docs/errors.md#usage_invalid\n' },
      'its errors lead to the page that it holds',
    )
  })

  await t.test('says where a role of it works', async (t) => {
    for (const [program, source] of [
      ['named.ts', 'roles/cluster_hosts/index.ts'],
      ['named.mjs', 'dist/roles/cluster_hosts/index.js'],
    ] as const) {
      const ended = await playbook(program, '-i', 'local.yml', '--check', '--output', 'json')
      const task = eventsOf(ended).find(
        (event): event is TaskEvent => event.type === 'task' && event.role === 'cluster_hosts',
      )
      t.equal(task?.place?.file, join(site, 'node_modules/hostwright', source), ended.stderr)
      const lines = readFileSync(task?.place?.file ?? '', 'utf8').split('\n')
      t.match(lines[(task?.place?.line ?? 0) - 1], 'hostsEntry(')
    }
  })

  await t.test('builds hosts from TypeScript, and finds them done from JavaScript', async (t) => {
    const lab = async (verb: string) =>
      await succeedIn(site, 'npx', 'hostwright', 'lab', verb, '-i', 'hosts.ts')
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

  await t.test('init overwrites nothing', async (t) => {
    const bin = join(site, 'node_modules/hostwright', own.bin['hostwright'] ?? '')
    const begun = join(folder, 'Begun 1')
    t.match(
      await succeedIn(folder, 'node', bin, 'init', 'Begun 1'),
      /cd Begun 1\n {2}npm install\n/,
    )
    const manifest = readFileSync(join(begun, 'package.json'), 'utf8')
    t.match(JSON.parse(manifest), {
      name: 'begun-1',
      dependencies: { hostwright: `^${own.version}` },
    })
    t.match(readFileSync(join(begun, 'inventories/lab/hosts.ts'), 'utf8'), "name: 'begun1'")
    for (const name of ['.gitignore', '.npmrc']) t.ok(existsSync(join(begun, name)), name)
    rmSync(join(begun, 'tsconfig.json'))
    t.match(await runIn(begun, 'node', bin, 'init'), {
      exitCode: 1,
      stdout: '',
      stderr: /Cannot write ".*": it is there already\n {2}code: USAGE_INVALID/,
    })
    t.notOk(existsSync(join(begun, 'tsconfig.json')), 'it writes all or nothing')
  })

  await t.test('the page that gets a reader started does so, word for word', async (t) => {
    const empty = join(site, 'empty')
    mkdirSync(empty)
    const other = (await succeedIn(site, 'npm', 'config', 'get', 'registry')).trim()
    const registry = await serveRegistry(t, tarball, own, other)
    const lab = defineLab({
      name: 'myhosts',
      subnet: '198.18.52.0/27',
      hosts: { one: {}, two: {} },
    })
    t.teardown(async () => await lab.down())
    const npm = [`npm_config_registry=${registry}`, 'npm_config_prefer_offline=true']
    const script = scriptOf('docs/getting-started.md')
    const read = await runIn(empty, 'env', ...npm, 'bash', '-e', '-c', script)
    t.equal(read.exitCode, 0, `${read.stdout}\n${read.stderr}`)
    for (const line of [
      /^# pass 2$/m,
      /^This is one, beside two\.$/m,
      /^Role cluster_hosts$/m,
      /^198\.18\.52\.12 +two\.example\.com two$/m,
    ])
      t.match(read.stdout, line)
    t.match(await lab.status(), { state: 'down' })
  })
})

interface Failure {
  readonly code: string
  readonly message?: RegExp
  readonly host?: string
}

t.test('testRole() lets nothing pass that does not hold', { timeout: 900_000 }, async (t) => {
  const lab = defineLab({ name: 'tpack', subnet: '198.18.52.0/27', hosts: { one: {} } })
  t.teardown(async () => await lab.down())
  const cases: readonly (readonly [string, (host: Host) => Promise<unknown>, Failure])[] = [
    [
      'check mode writes',
      async (host) => await host.$({ readOnly: true })`touch /root/written`,
      { code: 'CHECK_FAILED', message: /check mode wrote .*"\/root\/written" on "one"/ },
    ],
    [
      'check mode does not tell',
      async (host) => {
        if (!host.check) await host.ensure(file({ path: '/etc/a', content: 'a' }))
      },
      { code: 'CHECK_FAILED', message: /made, and not planned: file \/etc\/a on one/ },
    ],
    [
      'the second run changes something',
      async (host) => await host.ensure(command({ run: 'date >/etc/b' })),
      { code: 'CHECK_FAILED', message: /the second run changed something: command / },
    ],
    [
      'it fails',
      async (host) => await host.ensure(command({ run: 'exit 3' })),
      { code: 'TASK_FAILED', host: 'one' },
    ],
  ]
  for (const [name, play, error] of cases) {
    await t.rejects(testRole({ lab, play }), { ...error }, name)
    t.match(await lab.status(), { state: 'down' }, 'the hosts are gone')
  }
  const wish = file({ path: '/etc/a', content: 'a' })
  const tested = await testRole({ lab, keep: true, play: async (host) => await host.ensure(wish) })
  const host = tested.host('one')
  t.notOk((await host.ensure(wish)).changed)
  t.equal((await host.$`cat /etc/a`).text(), 'a')
  t.throws(() => tested.host('two'), { code: 'USAGE_INVALID' })
  await tested.close()
  t.match(await lab.status(), { state: 'up' }, 'they are kept')
})
