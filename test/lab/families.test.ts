// playbooks/site.ts on blank hosts of other families than inventories/lab has, and playbooks/verify.ts
// on what it built: two with Debian, and one of each.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import type { Lab } from '../../lib/lab/index.js'
import type { CheckEvent } from '../../lib/report/events.js'
import { lab as debian } from '../fixtures/inventories/debian/hosts.js'
import { lab as mixed } from '../fixtures/inventories/mixed/hosts.js'
import { judge } from '../fixtures/judge.js'
import { changes, explain } from '../fixtures/mariadb.js'
import { runPlaybook, type Finished } from '../fixtures/playbook.js'

const everything = process.env['HOSTWRIGHT_TEST'] === 'all'
const homes = { 'alma9-c1': '/var/www/acme2certifier', 'alma9-c2': '/opt/acme2certifier' }

async function run(playbook: 'site' | 'verify', inventory: string): Promise<Finished> {
  const flags = ['-i', `test/fixtures/inventories/${inventory}`, '--output', 'json']
  return await runPlaybook(`playbooks/${playbook}.ts`, flags)
}

async function on(lab: Lab, node: string, script: string): Promise<string> {
  const [file = '', ...args] = lab.sshCommand(node)
  return (await promisify(execFile)(file, [...args, script])).stdout.trim()
}

async function builds(t: Test, lab: Lab, inventory: string): Promise<void> {
  t.teardown(async () => await lab.down())
  await lab.down()
  await lab.up((line) => t.comment(`lab ${lab.name}: ${line}`))

  await t.test('site.ts builds it', async (t) => {
    const site = await run('site', inventory)
    t.equal(site.exitCode, 0, explain(site))
    t.equal(site.recap?.hosts['alma9-c1']?.failed, 0)
  })

  await t.test('again, it changes nothing', async (t) => {
    const again = await run('site', inventory)
    t.equal(again.exitCode, 0, explain(again))
    t.same(changes(again), [])
  })
}

async function verifies(t: Test, inventory: string): Promise<void> {
  await t.test('verify.ts is green', async (t) => {
    const verified = await run('verify', inventory)
    t.equal(verified.exitCode, 0, explain(verified))
    const results = verified.events
      .filter((event): event is CheckEvent => event.type === 'check')
      .map(({ result }) => result)
    t.same(results, Array(48).fill('passed'))
  })
}

t.test('a cluster on Debian', { timeout: 1_200_000 }, async (t) => {
  await builds(t, debian, 'debian')

  await t.test('ansible-playbook --check finds the end state of the tutorial', async (t) => {
    const inventory = 'test/fixtures/inventories/debian'
    const { hosts, output } = await judge(t, inventory)
    for (const node of Object.keys(homes)) {
      t.match(hosts[node], { changed: 0, failed: 0, unreachable: 0 }, output)
      t.ok((hosts[node]?.['ok'] ?? 0) >= 20, `${node}: ${hosts[node]?.['ok']} tasks have looked`)
    }
    const file = '/etc/acme2certifier/environment'
    await on(debian, 'alma9-c2', `chmod 0640 ${file}`)
    const found = await judge(t, inventory, ['--tags', 'passphrase'])
    t.match(found.hosts['alma9-c1'], { changed: 0, failed: 0 }, found.output)
    t.match(found.hosts['alma9-c2'], { changed: 1, failed: 0 }, 'it sees what is not so')
    await on(debian, 'alma9-c2', `chmod 0600 ${file}`)
  })

  await verifies(t, 'debian')
})

const long = everything ? {} : { skip: 'only with HOSTWRIGHT_TEST=all' }

t.test(
  'a cluster of one node on Debian and one on EL9',
  { timeout: 1_200_000, ...long },
  async (t) => {
    await builds(t, mixed, 'mixed')

    await t.test('what the program owns on one node it owns on the other', async (t) => {
      const file = 'volume/ca/sub-ca-key.pk8'
      t.equal(await on(mixed, 'alma9-c1', `stat -c %U ${homes['alma9-c1']}/${file}`), 'www-data')
      t.equal(await on(mixed, 'alma9-c2', `stat -c %U ${homes['alma9-c2']}/${file}`), 'nginx')
    })

    await t.test('a column that is new in a model that the role reads comes to all', async (t) => {
      const field = 'extra = models.TextField(blank=True, default="")'
      for (const [node, home] of Object.entries(homes))
        await on(
          mixed,
          node,
          `sed -i '/^class Housekeeping/,/name =/s/name =.*/&\\n    ${field}/' ${home}/examples/django/acme_srv/models.py`,
        )
      const site = await run('site', 'mixed')
      t.equal(site.exitCode, 0, explain(site))
      for (const node of Object.keys(homes))
        t.match(
          await on(mixed, node, 'mariadb -N acme2certifier -e "DESC acme_srv_housekeeping extra"'),
          'longtext',
          node,
        )
    })

    await verifies(t, 'mixed')
  },
)
