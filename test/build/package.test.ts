// The package as npm packs it, installed in a folder outside of the checkout.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { load } from 'js-yaml'
import t from 'tap'
import { clusterOf } from '../../inventories/lab/hosts.js'
import type { Host } from '../../lib/host/index.js'
import type { Check, PlaybookContext, PlayFunction } from '../../lib/index.js'
import { loadInventory } from '../../lib/inventory/index.js'
import { defineLab } from '../../lib/lab/index.js'
import { command, file } from '../../lib/resources/index.js'
import { fakeHost, recordHost, testRole } from '../../lib/testing/index.js'
import { runPlay } from '../../lib/testing/run-play.js'
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
import { clusterChecks, clusterPlaybooks, labExamples, programsOnHosts } from '../docs/on-hosts.js'
import { linksIn } from '../docs/documents.js'
import { examples } from '../docs/program.js'
import { isAsSaid, runExample } from '../docs/run-example.js'
import { serveRegistry } from '../fixtures/registry.js'
import { tempFolder } from '../fixtures/run.js'
import { webRun } from '../report/fixtures/web-run.js'

/** What CI has no time for. */
const whole = { skip: process.env['HOSTWRIGHT_TEST'] !== 'all' && 'only with HOSTWRIGHT_TEST=all' }

const root = fileURLToPath(new URL('../..', import.meta.url))
const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
interface Manifest {
  readonly name: string
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly dependencies: Readonly<Record<string, string>>
}
const own = manifestOf('.')
const starter = 'lib/cli/create-hostwright'

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

/** What the console shows of a run, host by host, but how long it took. */
function shownOf(events: readonly HostwrightEvent[]) {
  const recap = events.find((event): event is RecapEvent => event.type === 'recap')
  const tasks = events.filter(
    (event): event is TaskEvent => event.type === 'task' && event.status !== 'ok',
  )
  return Object.entries(recap?.hosts ?? {}).map(([host, counts]) => ({
    host,
    counts,
    tasks: tasks
      .filter((task) => task.host === host)
      .map(({ task, role, status, changes }) => ({ task, role, status, changes })),
  }))
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
    // Pictures and the project's own source are left to who has the repository.
    const elsewhere = /\.(?:png|svg)$|^(?:lib|test)\//
    for (const page of files.filter((one) => /^(?!lib\/).*\.md$/.test(one))) {
      const links = linksIn(readFileSync(join(root, page), 'utf8'))
        .map((link) => link.replace(/#.*/, ''))
        .filter((link) => link !== '' && !link.startsWith('https:'))
        .map((link) => join(dirname(page), link))
      for (const link of links.filter((path) => !elsewhere.test(path)))
        t.ok(
          files.some((path) => path === link || path.startsWith(`${link}/`)),
          `${page}: ${link}`,
        )
    }
    t.same(
      files.filter((one) =>
        /^(?!lib\/cli\/template\/).*\.test\.|(^|\/)test\/|^(playbooks|inventories)\//.test(one),
      ),
      [],
    )
    t.ok(size < 1_200_000, `${size} bytes`)
  })

  await t.test('is what npm, Node and the compiler expect of a package', async (t) => {
    for (const [program, ...flags] of [
      ['publint', '--strict', tarball],
      ['attw', '--no-color', '--profile', 'esm-only', tarball],
    ] as const) {
      const { exitCode, stdout, stderr } = await runIn(root, 'npx', program, ...flags)
      t.equal(exitCode, 0, `${program}: ${stdout}\n${stderr}`)
    }
  })

  await t.test('has the sources of what is compiled in its source maps', async (t) => {
    const installed = join(site, 'node_modules/hostwright')
    const compiled = files.filter((name) => /^dist\/.*(?<!\.browser)\.js$/.test(name))
    const maps = compiled.map((name) => join(installed, `${name}.map`))
    const lacking = maps.filter((map) => {
      const { sources, sourcesContent } = JSON.parse(readFileSync(map, 'utf8')) as {
        readonly sources: readonly string[]
        readonly sourcesContent?: readonly string[]
      }
      return sources.some((source, index) => {
        const near = relative(installed, resolve(dirname(map), source))
        return sourcesContent?.[index] !== readFileSync(join(root, near), 'utf8')
      })
    })
    t.same(lacking, [])
  })

  await t.test('a playbook loads few files, and tsx need not rewrite large ones', (t) => {
    const loaded = new Map<string, string>()
    const follow = (path: string) => {
      if (loaded.has(path)) return
      const text = readFileSync(path, 'utf8')
      loaded.set(path, text)
      for (const [, near = ''] of text.matchAll(/^(?:import |.*\} from )"(\..*)";$/gm))
        follow(resolve(dirname(path), near))
    }
    follow(join(site, 'node_modules/hostwright/dist/lib/index.js'))
    const sizes = [...loaded.values()].map((text) => text.length)
    t.ok(Math.max(...sizes) > 300_000, 'what every playbook needs stands together')
    t.ok(loaded.size <= 6, [...loaded.keys()].join('\n'))
    const rewritten = [...loaded.values()].filter((text) => text.includes('import('))
    t.ok(rewritten.length > 0 && rewritten.every((text) => text.length < 400))
    t.end()
  })

  await t.test('is checked by a strict compiler, with the examples of the documents', async (t) => {
    for (const page of ['roles', 'testing'])
      for (const [index, { language, text }] of blocksOf(`docs/${page}.md`).entries())
        if (language === 'ts') writeFileSync(join(site, `${page}-${index}.ts`), text)
    const misuse = readFileSync(join(root, 'test/types/misuse.ts'), 'utf8')
      .replace('../../lib/index.js', 'hostwright')
      .replace(/\.\.\/\.\.\/(roles\/\w+)\/index\.js/, 'hostwright/$1')
    t.notMatch(misuse, '../')
    writeFileSync(join(site, 'misuse.ts'), misuse)
    t.match(await runIn(site, 'npx', 'tsc', '-p', '.'), { exitCode: 0, stdout: '' })
  })

  await t.test('runs the examples of the documents that are tests on hosts', async (t) => {
    for (const name of programsOnHosts) {
      const program = 'example.ts'
      writeFileSync(join(site, program), examples.find((one) => one.name === name)!.text)
      const ended = await runIn(site, 'node', '--import', 'tsx', '--test', program)
      t.match(ended, { exitCode: 0, stdout: /^# pass 1$/m }, `${name}: ${ended.stderr}`)
      rmSync(join(site, program))
    }
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
    t.match(await runIn(site, 'npx', 'hostwright', 'doc', 'none'), {
      exitCode: 1,
      stderr: /^ {2}hint: .*Hostwright's own: acme2certifier_django, /m,
    })
    const { stdout } = await runIn(site, 'npx', 'hostwright', 'doc', 'drift_timer')
    const page = /^Read more in (.+)$/m.exec(stdout)?.[1] ?? ''
    const links = linksIn(readFileSync(join(site, page), 'utf8'))
    t.ok(links.length > 0, page)
    for (const link of links)
      t.ok(existsSync(join(site, dirname(page), link.replace(/#.*/, ''))), `${page}: ${link}`)
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

  await t.test('builds blank hosts from TypeScript, and from JavaScript', async (t) => {
    const lab = async (verb: string) =>
      await succeedIn(site, 'npx', 'hostwright', 'lab', verb, '-i', 'hosts.ts')
    t.teardown(async () => void (await lab('down')))
    for (const language of ['ts', 'mjs']) {
      const run = async () =>
        await playbook(`site.${language}`, '-i', `hosts.${language}`, '--output', 'json')
      await lab('down')
      const first = await run()
      t.equal(first.exitCode, 0, first.stderr)
      t.ok((changesOf(eventsOf(first))['one'] ?? 0) > 5, language)
      const again = await run()
      t.equal(again.exitCode, 0, again.stderr)
      t.same(changesOf(eventsOf(again)), { one: 0, two: 0 }, language)
      const flags = [...(language === 'ts' ? ['--import', 'tsx'] : []), '--test']
      const tested = await runIn(site, 'node', ...flags, `roles/notice/notice.test.${language}`)
      t.equal(tested.exitCode, 0, `${tested.stdout}\n${tested.stderr}`)
    }
  })

  await t.test('tap passes --keep on to a test', whole, async (t) => {
    const lab = async (verb: string) =>
      await succeedIn(site, 'npx', 'hostwright', 'lab', verb, '-i', 'hosts.mjs')
    t.teardown(async () => void (await lab('down')))
    symlinkSync(join(root, 'node_modules/tap'), join(site, 'node_modules/tap'))
    const tap = join(root, 'node_modules/.bin/tap')
    const flags = ['--disable-coverage', '--test-arg=--keep']
    await succeedIn(site, tap, ...flags, 'roles/notice/notice.test.mjs')
    t.match(await lab('status'), /: up\n/)
    rmSync(join(site, 'node_modules/tap'))
  })

  await t.test(
    'README.md shows what its playbook does on two blank hosts, and again',
    async (t) => {
      const [inventory, web] = ['web-hosts.ts', 'web.ts']
      const groups = { web: { hosts: ['web1', 'web2'] } }
      const wish = {
        name: 'tpack',
        subnet: '198.18.52.0/27',
        hosts: { web1: {}, web2: {} },
        groups,
      }
      writeFileSync(
        join(site, inventory),
        `import { defineLab } from 'hostwright/lab'\nexport default defineLab(${JSON.stringify(wish)})\n`,
      )
      writeFileSync(join(site, web), examples.find(({ name }) => name === 'README.md#2')!.text)
      t.teardown(async () => await defineLab(wish).down())
      const first = await playbook(web, '-i', inventory, '--output', 'json')
      t.equal(first.exitCode, 0, first.stderr)
      t.same(shownOf(eventsOf(first)), shownOf(webRun), 'docs/run.svg')
      const again = await playbook(web, '-i', inventory)
      t.equal(again.exitCode, 0, again.stderr)
      const shown = blocksOf('README.md').find(({ language }) => language === 'text')?.text
      const untimed = (text = '') => text.trim().replaceAll(/\d+(?:\.\d+)? s\b/g, '… s')
      t.equal(untimed(again.stdout), untimed(shown), 'and the transcript below it')
    },
  )

  await t.test('testRole() needs no test runner, and shows a run that does not pass', async (t) => {
    const failed = await runIn(site, 'node', 'plain.mjs')
    t.match(failed, { exitCode: 1, stdout: /^made by a package, told by one\n$/ })
    t.match(
      failed.stderr,
      /changed: \[one\] command date.*PLAY RECAP.*one +: ok=1 +changed=1 .*the second run changed something/s,
    )
    const within = await runIn(site, 'node', '--test', 'plain.mjs')
    t.match(within, { exitCode: 1, stdout: /PLAY RECAP.*# fail 1$/ms }, 'node:test shows it too')
  })

  await t.test('roles of a package of their own, as the page says', async (t) => {
    const roles = join(site, 'my-roles')
    const blocks = blocksOf('docs/roles.md')
    const role = blocks.find(({ language }) => language === 'ts')?.text ?? ''
    const manifest = blocks.find(({ language }) => language === 'json')?.text ?? ''
    const { dependencies, peerDependencies } = JSON.parse(manifest) as Record<string, object>
    for (const [, name = ''] of role.matchAll(/ from '([^'.]+)'/g))
      t.ok(name in { ...dependencies, ...peerDependencies }, name)
    mkdirSync(join(roles, 'templates'), { recursive: true })
    writeFileSync(join(roles, 'package.json'), manifest)
    writeFileSync(join(roles, 'index.ts'), role)
    writeFileSync(join(roles, 'templates/app.conf.hbs'), 'port {{port}}\n')
    cpSync(join(site, 'tsconfig.json'), join(roles, 'tsconfig.json'))
    await succeedIn(roles, 'npm', 'pack')
    await install(site, join(roles, 'my-roles-1.0.0.tgz'))
    const program = `
      import { secret } from 'hostwright'
      import { fakeHost } from 'hostwright/test'
      import { app } from 'my-roles'
      const host = fakeHost({ units: { app: { active: false, enabled: false } } })
      console.log((await app(host, { password: secret('correct horse') })).url)
      console.log(host.tasks.map(({ task }) => task).join())`
    t.equal(
      await succeedIn(site, 'node', '--input-type=module', '-e', program),
      'http://fake:8080\ntemplate /etc/app.conf,service app\n',
    )
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
    const page = 'docs/getting-started.md'
    // Nothing that is installed above it can stand in for what is missing.
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    const created = await packPackage(folder, starter)
    const other = (await succeedIn(site, 'npm', 'config', 'get', 'registry')).trim()
    const served = [
      { tarball, manifest: own },
      { tarball: created.tarball, manifest: manifestOf(starter) },
    ]
    const registry = await serveRegistry(t, served, other)
    const cache = join(folder, 'npm')
    mkdirSync(cache)
    // The downloads are everybody's; what npx has installed once, of an earlier build, is not.
    const shared = (await succeedIn(site, 'npm', 'config', 'get', 'cache')).trim()
    symlinkSync(join(shared, '_cacache'), join(cache, '_cacache'))
    const npm = [
      `npm_config_registry=${registry}`,
      `npm_config_cache=${cache}`,
      'npm_config_prefer_offline=true',
      'npm_config_yes=true',
    ]
    const lab = defineLab({
      name: 'myhosts',
      subnet: '198.18.52.0/27',
      hosts: { one: {}, two: {} },
    })
    t.teardown(async () => await lab.down())
    const ways = ['README.md', page].map(
      (document) => blocksOf(document).find(({ text }) => text.startsWith('npm pack'))?.text ?? '',
    )
    const script = scriptOf(page, ways[1] ?? '')
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

    const begun = join(empty, 'my-hosts')
    await t.test('and so does what it says for as long as npm does not have it', async (t) => {
      t.not(ways[0], '')
      t.equal(ways[0], ways[1], 'README.md says the same')
      const checkout = join(folder, 'source/checkout')
      const left = ['.git', '.tap', 'dist', 'node_modules']
      cpSync(root, checkout, {
        recursive: true,
        filter: (path) => !left.includes(relative(root, path)),
      })
      symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'))
      const unpublished = npm.filter((one) => !one.includes(registry))
      const words = [...unpublished, 'bash', '-e', '-c', ways[0] ?? '']
      const typed = await runIn(checkout, 'env', ...words)
      t.equal(typed.exitCode, 0, `${typed.stdout}\n${typed.stderr}`)
      t.match(typed.stdout, /^# pass 2$/m)
      t.match(await lab.status(), { state: 'down' })
    })

    await t.test('npm create does the same as init', async (t) => {
      const manifest = (name: string) => readFileSync(join(empty, name, 'package.json'), 'utf8')
      await succeedIn(empty, 'env', ...npm, 'npm', 'create', 'hostwright', 'created')
      t.equal(manifest('created').replace('created', 'my-hosts'), manifest('my-hosts'))
      const { version, dependencies } = manifestOf(starter)
      t.same([version, dependencies], [own.version, { hostwright: own.version }])
    })

    await t.test('two roles on the same hosts, tested side by side, and kept', whole, async (t) => {
      cpSync(join(begun, 'roles/motd'), join(begun, 'roles/other'), { recursive: true })
      const flags = ['--import', 'tsx', '--test', '--test-concurrency=2']
      const tests = ['motd', 'other'].map((name) => `roles/${name}/motd.test.ts`)
      const both = await runIn(begun, 'node', ...flags, ...tests)
      t.match(both, { exitCode: 0, stdout: /^# pass 4$/m }, both.stderr)
      t.match(both.stdout, 'lab myhosts: waiting for another test of it')
      t.match(await lab.status(), { state: 'down' })
      await succeedIn(begun, 'npm', 'run', 'test:keep')
      t.match(await lab.status(), { state: 'up' })
      for (const name of ['lab', 'drift']) await succeedIn(begun, 'npm', 'run', name)
      await lab.down()
      await succeedIn(begun, 'npx', 'tsx', tests[0] ?? '', '--keep')
      t.match(await lab.status(), { state: 'up' }, 'by the option')
      const shown = blocksOf('docs/lab.md').find(({ text }) =>
        text.startsWith('npx hostwright lab'),
      )
      const lines = shown?.text.replaceAll('alma9-c1', 'one').replaceAll('alma9-c2', 'two') ?? ''
      t.match(lines, 'lab reset two')
      await succeedIn(begun, 'bash', '-e', '-c', `exec </dev/null\n${lines}`)
      t.match(await lab.status(), { state: 'down' }, 'as docs/lab.md says')
    })

    await t.test('its files for CI do here what they say', async (t) => {
      const needed: readonly { readonly package: string }[] = JSON.parse(
        readFileSync(join(root, 'lib/lab/requirements.json'), 'utf8'),
      )
      const summary = join(folder, 'summary')
      const env = [...npm, 'HOSTWRIGHT_INVENTORY=inventories/lab', `GITHUB_STEP_SUMMARY=${summary}`]
      // The lab is blank, and so is all that the playbook makes lacking.
      const exitCodes = { 'npx hostwright drift playbooks/site.ts --report drift.md': 2 }
      for (const name of ['test', 'drift']) {
        const steps = stepsOf(join(begun, `.github/workflows/${name}.yml`))
        rmSync(join(begun, 'node_modules'), { recursive: true })
        for (const { uses, run } of steps) {
          if (run === undefined)
            t.match(uses, /^actions\/(?:checkout|cache\/(?:restore|save))@v\d+$/, name)
          else if (run.startsWith('apt-get update'))
            t.same(
              new Set(run.split('--no-install-recommends ')[1]?.trim().split(' ')),
              new Set(needed.map((one) => one.package)),
            )
          else {
            const ended = await runIn(begun, 'env', ...env, 'bash', '-e', '-c', run)
            const wanted = (exitCodes as Readonly<Record<string, number>>)[run] ?? 0
            t.equal(ended.exitCode, wanted, `${name}: ${run}\n${ended.stdout}\n${ended.stderr}`)
          }
        }
      }
      t.match(readFileSync(summary, 'utf8'), 'template /etc/motd')
      await lab.down()
    })

    for (const version of ['22', '24'])
      await t.test(`Node ${version} reads its TypeScript itself`, whole, async (t) => {
        const name = `node-linux-${process.arch}`
        const at = join(folder, `node-${version}`)
        mkdirSync(at)
        await install(at, `${name}@${version}`)
        const path = `${join(at, 'node_modules', name, 'bin')}:${process.env['PATH'] ?? ''}`
        const run = async (...words: readonly string[]) =>
          await runIn(begun, 'env', `PATH=${path}`, ...words)
        t.match(await run('node', '--version'), { stdout: new RegExp(`^v${version}\\.`) })
        const list = ['playbooks/site.ts', '-i', 'inventories/production', '--list-hosts']
        for (const program of [['node'], ['npx', 'tsx'], ['npx', 'hostwright', 'run']])
          t.match(
            await run(...program, ...list),
            { exitCode: 0, stdout: /web1\.example\.com/, stderr: /^(?!.*Warning)/s },
            program.join(' '),
          )
        const tested = await run('node', '--test', 'roles/motd/motd.test.ts')
        t.equal(tested.exitCode, 0, `${tested.stdout}\n${tested.stderr}`)
        const all = await run('npm', 'test')
        t.equal(all.exitCode, 0, `${all.stdout}\n${all.stderr}`)
      })
  })
})

t.test('the examples that take hosts run on some', { timeout: 900_000 }, async (t) => {
  const of = (name: string) => examples.find((example) => example.name === name)!
  const place = { name: 'tpack', subnet: '198.18.52.0/27' }
  const lab = defineLab({ ...place, hosts: { one: {}, two: {} } })
  t.teardown(async () => await lab.down())
  for (const name of labExamples) {
    await lab.up()
    const { said } = await runExample(of(name), t.testdirName, { lab, t })
    for (const one of said) t.ok(isAsSaid(one), `${name}: ${one.text}`, one)
    if (name.startsWith('docs/'))
      t.ok(
        said.some(({ wanted }) => wanted),
        `${name} says something`,
      )
  }
  await lab.down()
  const cluster = defineLab({ ...place, ...clusterOf('debian12') })
  await cluster.up()
  const inventory = await loadInventory({ sources: [], data: await cluster.load() })
  const events: HostwrightEvent[] = []
  const play: PlayFunction = async (_name, { hosts, become = false }, work) => {
    const ended = await runPlay({ inventory, mode: 'run', hosts, become: become as boolean }, work)
    events.push(...ended.events)
    if (ended.failure !== undefined) throw ended.failure
  }
  const playbook = async (_: string, body: (context: PlaybookContext) => Promise<unknown>) =>
    await body({ play, inventory, check: false })
  for (const name of clusterPlaybooks) {
    const run = async (): Promise<readonly number[]> => {
      events.length = 0
      await runExample(of(name), t.testdirName, { playbook })
      return Object.values(changesOf(events))
    }
    const made = await run()
    t.ok(made.length === 2 && made.every((count) => count > 1), `${name}: ${made.join()}`)
    t.same(await run(), [0, 0], `${name}, again`)
  }
  for (const name of clusterChecks) {
    const checks: Check[] = []
    await play('verify', { hosts: 'cluster', become: true }, async (host) => {
      const { said } = await runExample(of(name), t.testdirName, { host })
      checks.push(...said.flatMap(({ value }) => value as readonly Check[]))
    })
    t.ok(checks.length > 3, `${name}: ${checks.length} checks`)
    t.same(
      checks.filter(({ result }) => result !== 'passed'),
      [],
      name,
    )
  }
})

interface CiStep {
  readonly uses?: string
  readonly run?: string
}

/** What a file for GitHub's CI has done, in its order. */
function stepsOf(path: string): readonly CiStep[] {
  const { jobs } = load(readFileSync(path, 'utf8')) as {
    readonly jobs: Readonly<Record<string, { readonly steps: readonly CiStep[] }>>
  }
  return Object.values(jobs).flatMap(({ steps }) => steps)
}

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
  const play = async (host: Host) => await host.ensure(wish)
  await (await testRole({ lab, play, keep: true })).close()
  t.match(await lab.status(), { state: 'up' }, 'with the option they are kept')
  process.argv.push('--keep')
  const tested = await testRole({ lab, play }).finally(() => void process.argv.pop())
  const host = tested.host('one')
  t.notOk((await host.ensure(wish)).changed)
  t.equal((await host.$`cat /etc/a`).text(), 'a')
  const recorded = await recordHost(host, async (on) => await on.ensure(wish))
  t.notOk((await fakeHost({ recorded }).ensure(wish)).changed, 'as it was recorded')
  t.throws(() => tested.host('two'), { code: 'USAGE_INVALID' })
  await tested.close()
  t.match(await lab.status(), { state: 'up' }, 'with --keep they are kept')
})
