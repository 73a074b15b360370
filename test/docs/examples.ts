// Every example of the documents and of the source's comments is compiled, and run where it can be.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { HostwrightError } from '../../lib/index.js'
import { encryptVault, loadInventory, type InventoryData } from '../../lib/inventory/index.js'
import { checkInventoryParams } from '../../lib/play/role.js'
import { blocksOf, commentExamples, type Block } from './blocks.js'
import { commandsOf, judgeCommand, refused } from './commands.js'
import { documents, root } from './documents.js'
import { complaintsOf, examples } from './program.js'
import { isAsSaid, runExample } from './run-example.js'

const cluster = 'it takes the hosts of a cluster: test/cluster/cluster.test.ts runs the same roles'
const mariadb = 'it asks a MariaDB: test/cluster/mariadb.test.ts does'
const lab = 'it boots hosts: test/build does, with the role of the template'
/** Its command lines are run, by test/build. */
const wordForWord = 'docs/getting-started.md'
const followed = 'test/build follows the page word for word'
const drift = 'it starts a run: test/lab/drift.test.ts checks playbooks'

/** Examples that are compiled, and not run. */
const notRun: Readonly<Record<string, string>> = {
  'docs/concepts.md#2': mariadb,
  'docs/drift.md#2': drift,
  'docs/getting-started.md#6': followed,
  'docs/lab.md#3': lab,
  'docs/testing.md#1': lab,
  'lib/cli/drift.ts#1': drift,
  'lib/resources/mariadbStatus.ts#1': mariadb,
  'lib/resources/probes/mariadb.ts#1': mariadb,
  'lib/testing/testRole.ts#1': lab,
  'roles/acme2certifier_django/README.md#1': cluster,
  'roles/acme2certifier_django/verify.ts#1': cluster,
  'roles/lsyncd_peer/verify.ts#1': cluster,
  'roles/mariadb_master_master/README.md#1': cluster,
  'roles/mariadb_master_master/verify.ts#1': cluster,
}

/** Resources that are made, which checks their parameters, and not planned: their program answers. */
const notPlanned = [
  'firewalldPolicy',
  'mariadbDatabase',
  'mariadbGtidWait',
  'mariadbReplicaPosition',
  'mariadbReplication',
  'mariadbSeed',
  'mariadbUser',
  'mariadbVariables',
].map((name) => `lib/resources/${name}.ts#1`)

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
  for (const reason of Object.values(notRun))
    for (const [path] of reason.matchAll(/test\/[\w./-]*\w/g))
      t.ok(existsSync(join(root, path)), path)
  const names = new Set(examples.map(({ name }) => name))
  t.same(
    [...Object.keys(notRun), ...notPlanned].filter((name) => !names.has(name)),
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
    if (example.name in notRun) continue
    const running = runExample(example, folder)
    if (example.text.startsWith('throw ')) await t.rejects(running, HostwrightError, example.name)
    else if (notPlanned.includes(example.name))
      await t.rejects(running, { code: 'UNSUPPORTED', hint: /^declare it/ }, example.name)
    else {
      const { said, exported } = await running
      for (const one of said) t.ok(isAsSaid(one), `${example.name}: ${one.text}`, one)
      const { default: inventory } = exported as { readonly default?: InventoryData }
      if (example.file === 'docs/inventory.md')
        t.ok((await loadInventory({ sources: [], data: inventory })).hosts.size, example.name)
    }
  }
})

t.test('README.md shows a run of its playbook', async (t) => {
  const playbook = examples.find(({ name }) => name === 'README.md#2')!
  const { host } = await runExample(playbook, t.testdirName)
  const output = blocksIn('text').find(({ name }) => name === 'README.md#3')?.text ?? ''
  const changed = [...output.matchAll(/^changed: \[web1\] (?!handler)(.+?)( \(.*\))?$/gm)]
  t.same(
    changed.map(([, task]) => task),
    ['packages nginx-light', 'file /etc/nginx/conf.d/gzip.conf'],
  )
  const planned = host.tasks.map(({ task }) => task)
  for (const [, task = ''] of changed) t.ok(planned.includes(task), task)
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
  for (const { name, text } of blocksIn('sh').filter(({ file }) => file !== wordForWord))
    for (const words of commandsOf(text)) {
      const judged = judgeCommand(words)
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
