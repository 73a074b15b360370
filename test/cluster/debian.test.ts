// A cluster on Debian: playbooks/site.ts on blank hosts, ansible-playbook and playbooks/verify.ts on what it
// built, and the traps that the role acme2certifier_django has to keep out of.
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { labSecret } from '../../lib/lab/secrets.js'
import { cluster } from '../fixtures/cluster.js'
import { lab } from '../fixtures/inventories/debian/hosts.js'
import { judge } from '../fixtures/judge.js'
import { explain, runTwice } from '../fixtures/mariadb.js'
import { runPlaybook, type Finished } from '../fixtures/playbook.js'

const build = new URL('../fixtures/acme2certifier-standin/build.mjs', import.meta.url).pathname
const inventory = 'test/fixtures/inventories/debian'
const home = '/var/www/acme2certifier'
const settings = `${home}/acme2certifier/settings.py`
const nodes = { 'alma9-c1': '198.18.40.11', 'alma9-c2': '198.18.40.12' } as const
type Node = keyof typeof nodes
const fixture = '1invalid,2pending,3ready,4processing,5valid,6expired,7deactivated,8revoked'
const both = Object.keys(nodes) as Node[]
const { run: play, on, boots, builds, verifies } = cluster(lab, 'debian')

t.test('a cluster on Debian', { timeout: 1_790_000 }, async (t) => {
  await boots(t)
  const folder = await mkdtemp(join(tmpdir(), 'hostwright-test-'))
  t.teardown(async () => await rm(folder, { recursive: true }))
  const built = await promisify(execFile)(process.execPath, [build, folder, '--version', '0.43.2'])
  const upgraded = built.stdout.trim()

  await t.test('site.ts tells on blank hosts what it would do', async (t) => {
    const check = await play('site', '--check')
    t.equal(check.exitCode, 0, explain(check))
    t.equal(await on('alma9-c1', `ls ${home} /var/lib/acme2certifier 2>/dev/null || true`), '')
  })

  await t.test('site.ts builds it', async (t) => {
    const first = await builds(t)
    for (const name of ['ca', 'database'])
      t.notOk(first.stdout.includes(labSecret('tdebian', name).reveal()), `${name} does not show`)
    const [key1, key2] = await Promise.all(both.map(secretKey))
    t.equal(key1, key2, 'the secret key is the same on both')
    t.notOk(first.stdout.includes(key1 ?? ''), 'and does not show')
    for (const node of both) {
      t.equal(
        await on(
          node,
          `grep -rlF -e '${labSecret('tdebian', 'ca').reveal()}' /etc ${home} /run /tmp`,
        ),
        '/etc/acme2certifier/environment',
        'the passphrase is in one place',
      )
      t.equal(
        await on(node, `stat -c '%a %U' /etc/acme2certifier/environment ${settings}`),
        '600 root\n640 www-data',
      )
      t.match(await directory(node), { meta: { db_check: 'OK', version: '0.43.1' } })
      t.equal(await states(node), fixture, 'the ids are those of the fixture')
    }
  })

  await t.test(
    "ansible-playbook --check finds the end state of acme2certifier's guide",
    async (t) => {
      const { hosts, output } = await judge(t, inventory)
      for (const node of both) {
        t.match(hosts[node], { changed: 0, failed: 0, unreachable: 0 }, output)
        t.ok((hosts[node]?.['ok'] ?? 0) >= 20, `${node}: ${hosts[node]?.['ok']} tasks have looked`)
      }
      const file = '/etc/acme2certifier/environment'
      await on('alma9-c2', `chmod 0640 ${file}`)
      const found = await judge(t, inventory, ['--tags', 'passphrase'])
      t.match(found.hosts['alma9-c1'], { changed: 0, failed: 0 }, found.output)
      t.match(found.hosts['alma9-c2'], { changed: 1, failed: 0 }, 'it sees what is not so')
      await on('alma9-c2', `chmod 0600 ${file}`)
    },
  )

  await t.test('verify.ts is green', verifies)

  await t.test('enrols through each node over HTTPS', async (t) => {
    await on(
      'alma9-c1',
      'apt-get -y install --no-install-recommends lego </dev/null >/dev/null 2>&1',
    )
    for (const node of both) {
      const certificate = new X509Certificate(await enrol(node, `first.${node}.test`))
      t.equal(certificate.subjectAltName, `DNS:first.${node}.test`)
      t.match(certificate.issuer, 'CN=Test issuing CA')
    }
  })

  await t.test('enrols without help after MariaDB was restarted', async (t) => {
    for (const node of both) {
      await on(node, 'systemctl restart mariadb')
      await t.resolves(enrol(node, `restarted.${node}.test`))
    }
  })

  await t.test('sets right what the examples have overwritten', async (t) => {
    const key = await secretKey('alma9-c1')
    await on(
      'alma9-c1',
      `cp -r ${home}/examples/django/* ${home}/; systemctl restart acme2certifier`,
    )
    t.notMatch(await on('alma9-c1', `cat ${settings}`), key)
    await converges(t)
    t.equal(await secretKey('alma9-c1'), key, 'with the key that the other node has')
    await t.resolves(enrol('alma9-c1', 'again.a1.test'))
  })

  await t.test('takes from the other node what was made once', async (t) => {
    const key = await secretKey('alma9-c1')
    const migration = await on('alma9-c2', `cat ${home}/acme_srv/migrations/0001_initial.py`)
    await on('alma9-c1', `rm ${settings} ${home}/acme_srv/migrations/0*.py`)
    await converges(t)
    t.equal(await secretKey('alma9-c1'), key)
    t.equal(await on('alma9-c1', `cat ${home}/acme_srv/migrations/0001_initial.py`), migration)
  })

  await t.test('an upgrade keeps settings, configuration, keys and migrations', async (t) => {
    const kept = `cd ${home} && sha256sum ${settings} volume/acme_srv.cfg acme_srv/migrations/0* /etc/nginx/*.pem
      readlink acme_srv/acme_srv.cfg; stat -c %U volume/.lsyncd`
    const before = await Promise.all(both.map((node) => on(node, kept)))
    await converges(t, { package: upgraded })
    t.same(await Promise.all(both.map((node) => on(node, kept))), before)
    for (const node of both) {
      t.match(await directory(node), { meta: { db_check: 'OK', version: '0.43.2' } })
      await t.resolves(enrol(node, `upgraded.${node}.test`))
    }
    const lacks = join(folder, 'lacks')
    await mkdir(join(lacks, 'DEBIAN'), { recursive: true })
    await writeFile(
      join(lacks, 'DEBIAN/control'),
      'Package: lacks\nVersion: 1\nArchitecture: all\nMaintainer: A <a@b.test>\nDescription: lacks\nDepends: no-such-package\n',
    )
    await promisify(execFile)('dpkg-deb', ['-b', lacks, `${lacks}.deb`])
    const refused = await run({ package: `${lacks}.deb` })
    t.equal(refused.exitCode, 2)
    t.match(refused.stdout, /lacks : Depends: no-such-package/, 'what it lacks is told')
    const wished = await on('alma9-c1', 'cd /var/lib/acme2certifier && sha256sum *')
    const packageSha256 = '0'.repeat(64)
    const served = 'http://198.18.40.1:7080'
    for (const [from, message] of [
      [upgraded, /its SHA-256 is \\"[0-9a-f]{64}/],
      [`${served}/acme2certifier-standin_0.43.1+standin-1_all.deb`, /its SHA-256 is not the one/],
    ] as const) {
      const wrong = await run({ package: from, packageSha256 })
      t.equal(wrong.exitCode, 2, `another SHA-256 is refused: ${from}`)
      t.match(wrong.stdout, message)
    }
    t.equal(await on('alma9-c1', 'cd /var/lib/acme2certifier && sha256sum *'), wished)
  })

  await t.test('a change of the models reaches the tables from either node', async (t) => {
    for (const [migrationNode, field] of [
      ['alma9-c1', 'remark'],
      ['alma9-c2', 'note'],
    ] as const) {
      for (const node of both)
        await on(
          node,
          `sed -i '/^class Order/,/name =/s/name =.*/&\\n    ${field} = models.TextField(blank=True, default="")/' ${home}/examples/django/acme_srv/models.py`,
        )
      await converges(t, { package: upgraded, migrationNode })
      for (const node of both)
        t.match(await sql(node, 'DESC acme2certifier.acme_srv_order'), field, `${field} on ${node}`)
    }
    const list = `ls ${home}/acme_srv/migrations`
    t.match(await on('alma9-c1', list), /0001_.*\n0002_.*\n0003_/)
    t.equal(await on('alma9-c1', `${list} | grep ^0`), await on('alma9-c2', `${list} | grep ^0`))
  })

  await t.test('leaves nginx as it is where its configuration is not right', async (t) => {
    const params = { package: upgraded, allowedHosts: ['balancer.bar.local'] }
    await on('alma9-c1', 'echo nonsense > /etc/nginx/conf.d/zz.conf')
    const refused = await run(params)
    t.equal(refused.exitCode, 2)
    t.match(refused.stdout, /unknown directive|unexpected end of file/)
    t.match(await directory('alma9-c1'), { meta: { db_check: 'OK' } })
    await on('alma9-c1', 'rm /etc/nginx/conf.d/zz.conf')
    await converges(t, params)
    t.match(
      await on(
        'alma9-c1',
        'openssl x509 -noout -ext subjectAltName -in /etc/nginx/acme2certifier_cert.pem',
      ),
      'DNS:balancer.bar.local',
    )
  })
})

async function run(params: object): Promise<Finished> {
  const args = ['-i', inventory, '--output', 'json']
  return await runPlaybook('test/fixtures/playbooks/acme.ts', args, {
    env: { PARAMS: JSON.stringify(params) },
  })
}

async function converges(t: Test, params: object = {}): Promise<void> {
  await runTwice(t, async () => await run(params))
}

async function secretKey(node: Node): Promise<string> {
  return await on(node, `sed -n 's/^SECRET_KEY = "\\(.*\\)"$/\\1/p' ${settings}`)
}

async function states(node: Node): Promise<string> {
  return await sql(
    node,
    'SELECT GROUP_CONCAT(CONCAT(id, name) ORDER BY id) FROM acme2certifier.acme_srv_status',
  )
}

async function sql(node: Node, statement: string): Promise<string> {
  return await on(node, `mariadb -N <<'END'\n${statement}\nEND`)
}

async function directory(node: Node): Promise<unknown> {
  const response = await fetch(`http://${nodes[node]}/directory`)
  return (await response.json()) as unknown
}

/** Has the first node get a certificate through a node; gives it. */
async function enrol(node: Node, domain: string): Promise<string> {
  const shown = await on(node, 'cat /etc/nginx/acme2certifier_cert.pem')
  return await on(
    'alma9-c1',
    `cat > server.pem <<'END'\n${shown}\nEND
    SSL_CERT_FILE=server.pem lego --server https://${nodes[node]}/directory -a \\
      --email lego@example.com -d ${domain} --path lego --http --http.port :5002 run >&2
    cat lego/certificates/${domain}.crt`,
  )
}
