import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loginKeyFile } from '../../lib/lab/keys.js'
import { layerDifferences } from '../../lib/testing/layer.js'
import { cluster } from '../fixtures/cluster.js'
import { lab } from '../fixtures/inventories/drift-site/hosts.js'
import { runPlaybook } from '../fixtures/playbook.js'
import { on as onHost } from '../fixtures/on-host.js'
import { tempFolder } from '../fixtures/run.js'

const { layer } = cluster(lab, 'drift-site')
const nodes = ['alma9-c1', 'alma9-c2']
const inventory = ['-i', 'test/fixtures/inventories/drift-site', '--output', 'json']
const foreignKey =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEqM5mWJtq7w6Zsv8kq3bXb0Vv5gkXy1c2n3m4q5r6s7 eve@laptop'

/** A script, and its first words. */
type Command = readonly [string, ...string[]]

/** What the inventory says of the mirrored folder, and that nobody else may log in as root. */
async function mirrored(delay: number): Promise<readonly string[]> {
  const rootKeys = [await readFile(`${loginKeyFile(lab.name)}.pub`, 'utf8')]
  const wish = { folder: '/var/www/acme2certifier/volume', owner: 'www-data', delay, rootKeys }
  return ['-e', JSON.stringify({ lsyncd_peer: wish })]
}

async function on(host: string, command: string): Promise<string> {
  return await onHost(lab, host, command)
}

/** What is done to the cluster by hand, and what is to be found then. */
const plants = [
  {
    host: 'alma9-c2',
    by: "echo '# by hand' >>/etc/mysql/mariadb.conf.d/99-master-master.cnf",
    found: {
      task: 'template /etc/mysql/mariadb.conf.d/99-master-master.cnf',
      property: 'content',
      before: /# by hand/,
    },
  },
  {
    host: 'alma9-c1',
    by: 'chmod 0644 /etc/acme2certifier/environment',
    found: { task: 'file /etc/acme2certifier/environment', property: 'mode', from: '0644' },
  },
  {
    host: 'alma9-c1',
    by: 'systemctl stop nginx',
    found: { task: 'service nginx', property: 'state' },
  },
  {
    host: 'alma9-c1',
    by: 'dpkg --force-depends --purge rsync',
    found: { task: /^packages .*rsync/, property: 'rsync' },
  },
  {
    host: 'alma9-c1',
    by: `echo '${foreignKey}' >>/root/.ssh/authorized_keys`,
    found: {
      task: /^authorizedKey root /,
      property: 'key SHA256:x/9CbPOp4YXBhE3q0lHVCs9YQ6Ihmti2JgRcnhGfVlM',
      from: 'ssh-ed25519 eve@laptop',
    },
  },
  {
    host: 'alma9-c1',
    // Only here: the binary log would take it to the other node.
    by: `mariadb -e "SET sql_log_bin = 0; REVOKE DELETE ON acme2certifier.* FROM acme2certifier@localhost"`,
    found: { task: /^mariadbUser acme2certifier@localhost/, property: /^privileges on / },
  },
  {
    host: 'alma9-c2',
    by: 'mariadb -e "STOP ALL SLAVES"',
    found: { task: /^mariadbReplication /, property: /Thread$/ },
  },
  {
    host: 'alma9-c1',
    by: "sed -i 's/^  delay = .*/  delay = 99,/' /etc/lsyncd/lsyncd.conf.lua",
    found: {
      task: 'template /etc/lsyncd/lsyncd.conf.lua',
      property: 'content',
      before: /delay = 99,/,
    },
  },
]

t.test(
  'drift of the whole cluster',
  { skip: process.env['HOSTWRIGHT_TEST'] !== 'all' && 'only with HOSTWRIGHT_TEST=all' },
  async (t) => {
    // It runs in the project's folder, which may have a history of this playbook.
    await rm('.hostwright/drift/site', { recursive: true, force: true })
    t.teardown(async () => {
      await rm('.hostwright/drift/site', { recursive: true, force: true })
      await lab.down()
    })
    await lab.down()
    await lab.up()
    const wished = [...inventory, ...(await mirrored(2))]
    const built = await runPlaybook('playbooks/site.ts', wished)
    t.equal(built.exitCode, 0, built.stderr)
    const check = async (
      more: readonly string[] = [],
      [script, ...args]: Command = ['playbooks/drift.ts'],
    ) => {
      const { exitCode, stderr, events } = await runPlaybook(script, [...args, ...wished, ...more])
      const record = events
        .flatMap((event) => (event.type === 'drift' ? [event.record] : []))
        .at(-1)
      return { exitCode, stderr, record, findings: record?.findings ?? [] }
    }
    const before = new Map(nodes.map((node) => [node, layer(node)]))
    const clean = await check()
    t.equal(clean.exitCode, 0, JSON.stringify(clean.record?.hosts) + clean.stderr)
    for (const node of nodes)
      t.same(layerDifferences(before.get(node)!, layer(node)), [], `${node} is as it was`)

    for (const { what, more = [], command, found } of [
      {
        what: 'a variable',
        more: await mirrored(7),
        found: [
          {
            task: 'template /etc/lsyncd/lsyncd.conf.lua',
            property: 'content',
            before: /delay = 2,/,
            after: /delay = 7,/,
          },
        ],
      },
      {
        what: 'the playbook',
        command: await changedSite(t),
        found: [
          {
            task: 'template /etc/mysql/mariadb.conf.d/99-master-master.cnf',
            property: 'content',
            after: /max_connections = 77/,
          },
          { task: 'mariadbVariables mariadb', property: 'max_connections', to: '77' },
        ],
      },
    ]) {
      const changed = await check(more, command)
      t.equal(changed.exitCode, 2, JSON.stringify(changed.record?.hosts) + changed.stderr)
      t.match(
        changed.findings,
        onEach(found.map((one) => ({ ...one, state: 'new', side: 'code' }))),
        `${what} is found on both nodes`,
      )
      t.equal(changed.findings.length, nodes.length * found.length, 'and nothing else')
      for (const node of nodes)
        t.same(layerDifferences(before.get(node)!, layer(node)), [], `${node} is as it was`)
      const back = await check()
      t.equal(back.exitCode, 0, JSON.stringify(back.record?.hosts) + back.stderr)
      t.match(
        back.findings,
        onEach(found.map(({ task }) => ({ task, state: 'resolved', side: 'code' }))),
        'and not any more',
      )
      t.equal(back.findings.length, changed.findings.length)
    }

    for (const { host, by } of plants) await on(host, by)
    const first = await check()
    t.equal(first.exitCode, 2, JSON.stringify(first.record?.hosts) + first.stderr)
    for (const { host, found } of plants)
      t.match(
        first.findings.find((one) => one.host === host && matches(one, found)),
        // The templates are those that the code has changed before.
        {
          ...found,
          state: String(found.task).startsWith('template ') ? 'returned' : 'new',
          side: 'host',
        },
        `${String(found.task)} is found`,
      )
    t.ok(
      first.findings.every((one) =>
        plants.some(({ host, found }) => one.host === host && matches(one, found)),
      ),
      `nothing else: ${JSON.stringify(first.findings, undefined, 1)}`,
    )
    const second = await check()
    t.equal(second.exitCode, 2, JSON.stringify(second.record?.hosts) + second.stderr)
    t.equal(second.findings.length, first.findings.length)
    t.ok(second.findings.every(({ state }) => state === 'continuing'))

    const mended = await check(['--remediate'])
    t.equal(mended.exitCode, 0, JSON.stringify(mended.record) + mended.stderr)
    t.ok(mended.findings.length >= plants.length)
    t.ok(mended.findings.every(({ state }) => state === 'resolved'))
    t.notMatch(await on('alma9-c1', 'cat /root/.ssh/authorized_keys'), /eve@laptop/)
    const verified = await runPlaybook('playbooks/verify.ts', wished)
    t.equal(verified.exitCode, 0, 'the cluster verifies')
  },
)

/** The same findings on each node, in the order of a record. */
function onEach(found: readonly object[]): readonly object[] {
  return nodes.flatMap((host) => found.map((one) => ({ ...one, host })))
}

/** The command that checks a copy of site.ts with another wish in it. */
async function changedSite(t: Test): Promise<Command> {
  const text = await readFile('playbooks/site.ts', 'utf8')
  const changed = text
    .replaceAll("'../", `'${process.cwd()}/`)
    .replace(
      'mariadbMasterMaster(host)',
      'mariadbMasterMaster(host, { settings: { max_connections: 77 } })',
    )
  const file = join(await tempFolder(t), 'site.mts')
  await writeFile(file, changed)
  return ['lib/cli/hostwright.mjs', 'drift', file]
}

function matches(
  finding: { readonly task: string; readonly property: string },
  { task, property }: { readonly task: string | RegExp; readonly property: string | RegExp },
): boolean {
  const is = (text: string, wanted: string | RegExp) =>
    typeof wanted === 'string' ? text === wanted : wanted.test(text)
  return is(finding.task, task) && is(finding.property, property)
}
