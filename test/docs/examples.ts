// Every example of the documents and of the source's comments is compiled, and run where it can be.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { HostwrightError } from '../../lib/index.js'
import { encryptVault, loadInventory, type InventoryData } from '../../lib/inventory/index.js'
import { checkInventoryParams } from '../../lib/play/role.js'
import { runPlaybook } from '../fixtures/playbook.js'
import { useReceiver } from '../fixtures/receiver.js'
import { alone, tempFolder } from '../fixtures/run.js'
import { webRun } from '../report/fixtures/web-run.js'
import { blocksOf, commentExamples, type Block } from './blocks.js'
import { commandsOf, judgeCommand, refused } from './commands.js'
import { documents, root } from './documents.js'
import { complaintsOf, examples } from './program.js'
import { onHosts } from './on-hosts.js'
import { linesNotRun, makeRepository, runLine } from './run-commands.js'
import { isAsSaid, runExample } from './run-example.js'

/** Its command lines are run, by test/build. */
const wordForWord = 'docs/getting-started.md'
const followed = 'test/build follows the page word for word'

/** Examples that do not run on the host at hand. */
const notRun: Readonly<Record<string, string>> = {
  'docs/getting-started.md#7': followed,
  'lib/cli/drift.ts#1': 'it is a program: run below',
  'docs/drift.md#2': 'it is a program: run below',
  ...Object.fromEntries(onHosts.map((name) => [name, 'it takes hosts: test/build runs it'])),
}

t.test('no block of a document, and no example of a comment, is left out', async (t) => {
  for (const document of documents) {
    const { blocks, fences } = blocksOf(root, document)
    t.equal(blocks.length * 2, fences, document)
    for (const { name, language } of blocks)
      t.ok(['json', 'sh', 'text', 'ts', 'yaml'].includes(language), `${name}: ${language}`)
  }
  const comments = ['lib', 'roles'].flatMap((folder) => commentExamples(root, folder))
  t.ok(comments.length > 60)
  const page = new Set(blocksOf(root, 'docs/resources.md').blocks.map(({ text }) => text))
  for (const text of page)
    t.ok(
      comments.some((example) => example.text === text),
      text,
    )
  for (const reason of [...Object.values(notRun), ...linesNotRun.map(([, why]) => why)])
    for (const [path] of reason.matchAll(/test\/[\w./-]*\w/g))
      t.ok(existsSync(join(root, path)), path)
  const names = new Set(examples.map(({ name }) => name))
  t.same(
    Object.keys(notRun).filter((name) => !names.has(name)),
    [],
  )
})

t.test('every example compiles', async (t) => {
  for (const example of examples) t.same(complaintsOf(example), [], example.name)
})

t.test('every example runs, and gives what it says', async (t) => {
  const folder = t.testdir({
    templates: { 'app.conf.hbs': 'port = {{port}}\n' },
  })
  for (const example of examples) {
    if (example.name in notRun) {
      t.comment(`${example.name}: ${notRun[example.name]}`)
      continue
    }
    const running = runExample(example, folder)
    if (example.text.startsWith('throw ')) await t.rejects(running, HostwrightError, example.name)
    else {
      const { said, exported } = await running
      for (const one of said) t.ok(isAsSaid(one), `${example.name}: ${one.text}`, one)
      const { default: inventory } = exported as { readonly default?: InventoryData }
      if (example.file === 'docs/inventory.md')
        t.ok((await loadInventory({ sources: [], data: inventory })).hosts.size, example.name)
    }
  }
})

t.test('the examples that check a playbook for drift do, and tell of it', async (t) => {
  for (const name of ['docs/drift.md#2', 'lib/cli/drift.ts#1']) {
    const { text } = examples.find((example) => example.name === name)!
    const slack = await useReceiver(t)
    const folder = t.testdir({
      'hosts.yml': 'web: { hosts: { web1: { ansible_connection: local } } }\n',
      bin: { sendmail: '#!/bin/sh\nexec cat >mail\n' },
    })
    chmodSync(join(folder, 'bin/sendmail'), 0o755)
    const library = JSON.stringify(join(root, 'lib/index.ts'))
    const site = `
      import { file, playbook } from ${library}
      await playbook('site', async ({ play }) => {
        await play('all', { hosts: 'all' }, async (host) => {
          await host.ensure(file({ path: ${JSON.stringify(join(folder, 'drifted'))}, content: 'x' }))
        })
      })`
    writeFileSync(join(folder, 'site.ts'), site)
    const imports = text.includes('import ') ? '' : `import { drift } from 'hostwright'\n`
    writeFileSync(join(folder, 'drift.ts'), `${imports}${text}`.replace(`'hostwright'`, library))
    const path = `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`
    const { exitCode, stderr } = await runPlaybook('drift.ts', ['-i', 'hosts.yml'], {
      cwd: folder,
      env: { SLACK: slack.url, PATH: path },
    })
    t.equal(exitCode, 2, `${name}: ${stderr}`)
    t.match(
      readFileSync(join(folder, 'mail'), 'utf8'),
      /^To: ops@example\.com\nSubject: Drift of site/,
      name,
    )
    t.equal(slack.received.length, text.includes('slack') ? 1 : 0, name)
  }
})

t.test('README.md shows a run of its playbook', async (t) => {
  const playbook = examples.find(({ name }) => name === 'README.md#2')!
  const { host } = await runExample(playbook, t.testdirName)
  const shown = webRun.flatMap((event) =>
    event.type === 'task' && event.handler === undefined ? [event.task] : [],
  )
  const planned = host.tasks.map(({ task }) => task)
  for (const task of shown) t.ok(planned.includes(task), task)
  t.same(
    blocksIn('text').filter(({ file }) => file === 'README.md').length,
    1,
    'the other is docs/run.svg, which a test of the console draws',
  )
})

function blocksIn(language: string): readonly Block[] {
  return documents
    .flatMap((document) => blocksOf(root, document).blocks)
    .filter((block) => block.language === language)
}

/** What the blocks leave to their reader: secrets, and the variables that they refer to. */
const known = ['vault_replication_password', 'vault_ca_passphrase']
const vaultPassword = 'key'
const vault = encryptVault('correct horse', vaultPassword).trim().split('\n')
const hosts =
  'cluster: { hosts: { alma9-c1: , alma9-c2: } }\ncontroller: { hosts: { controller1: } }\n'

t.test('every block of YAML is an inventory, and gives the roles what they take', async (t) => {
  await Promise.all(
    [
      'acme2certifier_django',
      'drift_timer',
      'firewalld',
      'lsyncd_peer',
      'mariadb_master_master',
    ].map(async (role) => (await import(`../../roles/${role}/index.js`)) as object),
  )
  const blocks = blocksIn('yaml')
  t.ok(blocks.length > 8)
  for (const { name, text } of blocks) {
    const folder = t.testdir({
      'hosts.yml': hosts,
      group_vars: { 'all.yml': `{ ${known.map((one) => `${one}: secret`).join(', ')} }\n` },
    })
    const [, said = 'group_vars/cluster.yml'] = /^# (\S+\.yml)$/m.exec(text) ?? []
    const file = join(folder, said.replace(/^inventories\/\w+\//, ''))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(
      file,
      text.replaceAll(
        /( +)(?:\$ANSIBLE_VAULT.*\n +)?…$/gm,
        vault.map((line) => `$1${line}`).join('\n'),
      ),
    )
    const inventory = await loadInventory({
      sources: [folder],
      vaultPassword: async () => await Promise.resolve(vaultPassword),
    })
    const given = [...inventory.hosts.values()].flatMap(({ vars }) => Object.keys(vars))
    t.ok(
      given.some((variable) => !known.includes(variable)),
      `${name}: what it says counts`,
    )
    t.doesNotThrow(() => checkInventoryParams(inventory.hosts.values()), name)
  }
})

t.test('every block of JSON is JSON', async (t) => {
  const blocks = blocksIn('json')
  t.ok(blocks.length > 10)
  for (const { name, text } of blocks) t.doesNotThrow(() => void JSON.parse(text), name)
})

t.test('every command line is one that there is', async (t) => {
  const own: (readonly string[])[] = []
  for (const { name, file, text } of blocksIn('sh').filter((one) => one.file !== wordForWord))
    for (const words of commandsOf(text)) {
      const judged = judgeCommand(words, dirname(file))
      if (typeof judged === 'object') own.push(judged)
      else t.equal(judged, undefined, `${name}: ${words.join(' ')}`)
    }
  t.ok(own.length > 7)
  t.same(refused(own), [])
  t.same(
    refused([
      ['lab', 'upp'],
      ['inventory', '--lst'],
      ['vault', 'open', 'FILE'],
    ]),
    ['lab upp', 'inventory --lst', 'vault open FILE'],
  )
})

/** Where nothing has made it so, the hosts are not as the playbook says. */
const drifts = 'docs/drift.md'

t.test('the command lines that need no hosts of a lab run', async (t) => {
  const used = new Set<string>()
  const folders = new Map<string, string>()
  for (const { name, file, text } of blocksIn('sh').filter((one) => one.file !== wordForWord))
    for (const line of text.trimEnd().split('\n')) {
      const [begin, reason] =
        linesNotRun.find(([one]) => one === name || line.startsWith(one)) ?? []
      if (begin !== undefined) {
        used.add(begin)
        t.comment(`${name}: ${line}: ${reason}`)
        continue
      }
      const folder = folders.get(file) ?? (await tempFolder(t))
      if (!folders.has(file)) makeRepository(folder)
      folders.set(file, folder)
      const { exitCode, shown } = await alone(async () => await runLine(folder, line))
      t.equal(exitCode, file === drifts ? 2 : 0, `${name}: ${line}: ${shown}`)
      const report = / --report (\S+)/.exec(line)?.[1] ?? '.'
      t.ok(existsSync(join(folder, report)), `${name}: ${report}`)
      if (line.includes('--help')) t.match(shown, 'Usage: npx tsx playbooks/site.ts')
      if (line.includes('encrypt-string')) t.match(shown, 'password: !vault |')
    }
  t.same(
    linesNotRun.flatMap(([begin]) => (used.has(begin) ? [] : [begin])),
    [],
  )
})
