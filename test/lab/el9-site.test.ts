// playbooks/site.ts on two blank hosts that look like EL9, and playbooks/verify.ts on what it built.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import type { CheckEvent } from '../../lib/report/events.js'
import { lab } from '../fixtures/inventories/el9-site/hosts.js'
import { changes, explain } from '../fixtures/mariadb.js'
import { runPlaybook, type Finished } from '../fixtures/playbook.js'

const nodes = ['alma9-c1', 'alma9-c2'] as const
const long =
  process.env['HOSTWRIGHT_TEST'] === 'all' ? {} : { skip: 'only with HOSTWRIGHT_TEST=all' }

async function run(playbook: 'site' | 'verify'): Promise<Finished> {
  const inventory = ['-i', 'test/fixtures/inventories/el9-site']
  return await runPlaybook(`playbooks/${playbook}.ts`, [...inventory, '--output', 'json'])
}

async function on(node: (typeof nodes)[number], script: string): Promise<string> {
  const [file = '', ...args] = lab.sshCommand(node)
  return (await promisify(execFile)(file, [...args, script])).stdout.trim()
}

t.test('the cluster on EL9', { timeout: 1_200_000, ...long }, async (t) => {
  t.teardown(async () => await lab.down())
  await lab.down()
  await lab.up((line) => t.comment(`lab ${lab.name}: ${line}`))

  await t.test('site.ts builds it', async (t) => {
    const site = await run('site')
    t.equal(site.exitCode, 0, explain(site))
    t.equal(site.recap?.hosts['alma9-c1']?.failed, 0)
  })

  await t.test('again, it changes nothing', async (t) => {
    const again = await run('site')
    t.equal(again.exitCode, 0, explain(again))
    t.same(changes(again), [])
  })

  await t.test('a column that is new in a model that the role reads comes to all', async (t) => {
    const models = '/opt/acme2certifier/examples/django/acme_srv/models.py'
    const field = 'extra = models.TextField(blank=True, default="")'
    for (const node of nodes)
      await on(
        node,
        `sed -i '/^class Housekeeping/,/name =/s/name =.*/&\\n    ${field}/' ${models}`,
      )
    const site = await run('site')
    t.equal(site.exitCode, 0, explain(site))
    for (const node of nodes)
      t.match(
        await on(node, 'mariadb -N acme2certifier -e "DESC acme_srv_housekeeping extra"'),
        'longtext',
        node,
      )
  })

  await t.test('verify.ts is green', async (t) => {
    const verified = await run('verify')
    t.equal(verified.exitCode, 0, explain(verified))
    const results = verified.events
      .filter((event): event is CheckEvent => event.type === 'check')
      .map(({ result }) => result)
    t.same(results, Array(48).fill('passed'))
  })
})
