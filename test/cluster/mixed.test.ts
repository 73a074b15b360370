// playbooks/site.ts on blank hosts of which one has Debian and one EL9, and playbooks/verify.ts on what it
// built.
import t from 'tap'
import { cluster } from '../fixtures/cluster.js'
import { lab } from '../fixtures/inventories/mixed/hosts.js'
import { explain } from '../fixtures/mariadb.js'

const homes = { 'alma9-c1': '/var/www/acme2certifier', 'alma9-c2': '/opt/acme2certifier' }
const long =
  process.env['HOSTWRIGHT_TEST'] === 'all' ? {} : { skip: 'only with HOSTWRIGHT_TEST=all' }

t.test('a cluster of two families', { timeout: 1_200_000, ...long }, async (t) => {
  const { run, on, boots, builds, verifies } = cluster(lab, 'mixed')
  await boots(t)

  await t.test('site.ts builds it', async (t) => void (await builds(t)))

  await t.test('what the program owns on one node it owns on the other', async (t) => {
    const file = 'volume/ca/sub-ca-key.pk8'
    t.equal(await on('alma9-c1', `stat -c %U ${homes['alma9-c1']}/${file}`), 'www-data')
    t.equal(await on('alma9-c2', `stat -c %U ${homes['alma9-c2']}/${file}`), 'nginx')
  })

  await t.test('a column that is new in a model that the role reads comes to all', async (t) => {
    const field = 'extra = models.TextField(blank=True, default="")'
    for (const [node, home] of Object.entries(homes))
      await on(
        node,
        `sed -i '/^class Housekeeping/,/name =/s/name =.*/&\\n    ${field}/' ${home}/examples/django/acme_srv/models.py`,
      )
    const site = await run('site')
    t.equal(site.exitCode, 0, explain(site))
    for (const node of Object.keys(homes))
      t.match(
        await on(node, 'mariadb -N acme2certifier -e "DESC acme_srv_housekeeping extra"'),
        'longtext',
        node,
      )
  })

  await t.test('verify.ts is green', verifies)
})
