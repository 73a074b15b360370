import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { labSecret } from '../../lib/lab/secrets.js'
import { withLego } from '../../roles/acme2certifier_django/lego.js'
import type { CheckEvent } from '../../lib/report/events.js'
import { lab } from '../fixtures/inventories/site/hosts.js'
import { explain } from '../fixtures/mariadb.js'
import { runPlaybook, startPlaybook, type Finished } from '../fixtures/playbook.js'
import { isWellFormed } from '../fixtures/xml.js'
import { script } from '../fixtures/on-host.js'

const inventory = ['-i', 'test/fixtures/inventories/site']
const volume = '/opt/acme2certifier/volume'
const nodes = ['alma9-c1', 'alma9-c2'] as const
/** They take long, and show what the shorter ones rest on. */
const long =
  process.env['HOSTWRIGHT_TEST'] === 'all' ? {} : { skip: 'only with HOSTWRIGHT_TEST=all' }
type Node = (typeof nodes)[number]
const addresses = { 'alma9-c1': '203.0.113.235', 'alma9-c2': '203.0.113.236' } as const
const units = ['mariadb', 'lsyncd', 'acme2certifier', 'nginx'] as const

/**
 * playbooks/verify.ts on what playbooks/site.ts has built: green where all is right, and red where
 * something is not, nothing being left behind either way. And playbooks/update.ts, which relies on it.
 */
export async function verifyCases(t: Test): Promise<void> {
  const temp = await mkdtemp(join(tmpdir(), 'hostwright-test-'))
  t.teardown(async () => await rm(temp, { recursive: true }))

  const run = async (playbook: 'site' | 'verify' | 'update', ...args: readonly string[]) =>
    await runPlaybook(
      `playbooks/${playbook}.ts`,
      [...inventory, ...(args.includes('--output') ? [] : ['--output', 'json']), ...args],
      { env: { TMPDIR: temp } },
    )

  const isClean = async (t: Test) => {
    const left = (await readdir(temp)).filter((name) => name.startsWith('hostwright'))
    t.same(left, [], 'no folder is left on the controller')
    for (const node of nodes) {
      t.equal(await sql(node, "SHOW DATABASES LIKE 'hostwright%'"), '', `no database on ${node}`)
      t.equal(await on(node, `find ${volume} -name 'lsyncd-check*'`), '', `no file on ${node}`)
    }
  }

  const isGreen = async (t: Test) => {
    const verified = await run('verify')
    t.equal(verified.exitCode, 0, explain(verified))
    t.same(failed(verified), [])
    t.equal(checks(verified).filter(({ result }) => result === 'passed').length, 48)
    await isClean(t)
    return verified
  }

  await t.test('is green after site.ts', async (t) => {
    const verified = await isGreen(t)
    for (const name of ['replication', 'database', 'ca'])
      t.notOk(verified.stdout.includes(labSecret('tsite', name).reveal()), `${name} does not show`)
  })

  await t.test('writes JUnit, and a table', async (t) => {
    const junit = await run('verify', '--output', 'junit')
    t.equal(junit.exitCode, 0, junit.stderr)
    t.ok(isWellFormed(junit.stdout))
    t.match(
      junit.stdout,
      /<testsuites name="verify" tests="48" failures="0" errors="0" skipped="0"/,
    )
    t.equal(junit.stdout.match(/<testcase name=/g)?.length, 48)
    const table = await run('verify', '--limit', 'alma9-c2', '--output', 'console')
    t.equal(table.exitCode, 0, table.stderr)
    t.match(table.stdout, /^lego enrols +alma9-c2 +passed +\d+\.\d$/m)
    t.notMatch(table.stdout, /^lego enrols +alma9-c1/m, 'with --limit for that host only')
    await isClean(t)
  })

  await t.test('--check leaves out what would be left on a host for a while', async (t) => {
    const seen = checks(await run('verify', '--check'))
    const skipped = seen.filter(({ result }) => result === 'skipped')
    t.same(new Set(skipped.map(({ reason }) => reason)).size, 1)
    t.equal(skipped.length, 16)
    t.equal(seen.filter(({ result }) => result === 'passed').length, seen.length - 16)
  })

  await t.test('is red where replication or lsyncd has stopped', async (t) => {
    await sql('alma9-c2', 'STOP ALL SLAVES')
    await on('alma9-c1', 'systemctl stop lsyncd')
    const verified = await run('verify')
    t.equal(verified.exitCode, 2, verified.stderr)
    const rows = failed(verified)
    for (const row of [
      'alma9-c2: replicates from alma9-c1',
      'alma9-c1: a database made here is on alma9-c2',
      'alma9-c2: dropped on alma9-c1, it is gone here',
      'alma9-c1: lsyncd runs',
      'alma9-c1: a new file with owner and mode arrives at alma9-c2',
      'alma9-c1: the account enrols through alma9-c2',
    ])
      t.ok(rows.includes(row), row)
    for (const row of ['alma9-c1: replicates from alma9-c2', 'alma9-c2: lego enrols'])
      t.notOk(rows.includes(row), row)
    t.match(find(verified, 'alma9-c2: replicates from alma9-c1'), {
      error: { message: /Slave_IO_Running is No/, hint: /SHOW ALL SLAVES STATUS/ },
    })
    t.match(verified.recap?.hosts['alma9-c2'], { unreachable: 0 })
    await sql('alma9-c2', 'START ALL SLAVES')
    await on('alma9-c1', 'systemctl start lsyncd')
    await sleep(5_000)
    await isClean(t)
  })

  await t.test('is red where the program has stopped, or a row is another one', async (t) => {
    const change = (to: string) =>
      `SET sql_log_bin = 0; UPDATE acme2certifier.acme_srv_housekeeping SET value = '${to}'`
    const value = await sql('alma9-c1', 'SELECT value FROM acme2certifier.acme_srv_housekeeping')
    await sql('alma9-c1', change('other'))
    await on('alma9-c2', 'systemctl stop acme2certifier')
    const verified = await run('verify')
    t.equal(verified.exitCode, 2, verified.stderr)
    const rows = failed(verified)
    for (const row of [
      'alma9-c1: has the same tables as alma9-c2',
      'alma9-c2: /directory is right over HTTP',
      'alma9-c2: /directory is right over HTTPS',
      'alma9-c2: lego enrols',
    ])
      t.ok(rows.includes(row), row)
    t.match(find(verified, 'alma9-c1: has the same tables as alma9-c2'), {
      error: { message: /acme2certifier\.acme_srv_housekeeping/ },
    })
    await sql('alma9-c1', change(value))
    await on('alma9-c2', 'systemctl start acme2certifier')
    await isClean(t)
  })

  await t.test('ends on Ctrl-C, and the next run removes what is left', long, async (t) => {
    for (const task of ['check a database made here is on', 'check lego enrols']) {
      let told = false
      const { finished } = startPlaybook(
        'playbooks/verify.ts',
        [...inventory, '--output', 'json'],
        {
          env: { TMPDIR: temp },
          onEvent: (event, child) => {
            if (event.type !== 'start' || !event.task.startsWith(task) || told) return
            told = child.kill('SIGINT')
          },
        },
      )
      t.equal((await finished).exitCode, 130)
    }
    await isGreen(t)
  })

  await t.test('update.ts: clients of the other node see nothing of it', long, async (t) => {
    for (const [node, other] of [nodes, nodes.toReversed()] as (readonly [Node, Node])[]) {
      const before = await started(node)
      const version = await on(node, 'rpm -q mariadb-server')
      // So that there is something newer.
      await on(node, 'dnf -qy module enable mariadb:10.11 </dev/null')
      let [updating, enrolled] = [true, 0]
      const server = {
        address: addresses[other],
        certificate: await on(other, 'cat /etc/nginx/acme2certifier_cert.pem'),
      }
      const loop = withLego('bar.local', 5003, async (lego) => {
        while (updating) {
          await lego.enrol(server, `loop-${enrolled}.bar.local`)
          enrolled += 1
        }
      })
      const [updated] = await Promise.all([
        run('update', '--limit', node).finally(() => (updating = false)),
        t.resolves(loop, `every enrolment through ${other}`),
      ])
      t.equal(updated.exitCode, 0, explain(updated))
      t.ok(enrolled > 2, `${enrolled} enrolments`)
      t.not(await on(node, 'rpm -q mariadb-server'), version, 'another version of MariaDB')
      const after = await started(node)
      for (const unit of units) t.not(after[unit], before[unit], `${unit} of ${node} was restarted`)
    }
  })

  await t.test('update.ts stops at a node that does not come back whole', long, async (t) => {
    const before = await started('alma9-c2')
    const settings = '/opt/acme2certifier/acme2certifier/settings.py'
    // What runs has read it already: it shows when it is started again.
    await on('alma9-c1', `cp -p ${settings} /root/kept && echo 'DATABASES = {}' >>${settings}`)
    const updated = await run('update')
    t.equal(updated.exitCode, 2, explain(updated))
    t.same(failed(updated), [
      'alma9-c1: /directory is right over HTTP',
      'alma9-c1: /directory is right over HTTPS',
    ])
    t.same(await started('alma9-c2'), before, 'the next node is not touched')
    await on('alma9-c1', `cp -p /root/kept ${settings} && systemctl restart acme2certifier`)
    const whole = await run('update')
    t.equal(whole.exitCode, 0, explain(whole))
    const restarts = whole.events.flatMap((event) =>
      event.type === 'task' && event.status === 'changed' ? [`${event.host} ${event.task}`] : [],
    )
    t.same(
      restarts,
      nodes.flatMap((node) => units.map((unit) => `${node} service ${unit}`)),
      'one node after the other',
    )
  })

  await t.test('a node that was destroyed has all again', long, async (t) => {
    const kept = `SELECT GROUP_CONCAT(name ORDER BY id) FROM acme2certifier.acme_srv_`
    const files = `cd ${volume} && find . -path ./.lsyncd -prune -o -type f -exec sha256sum {} + | sort`
    const before = {
      accounts: await sql('alma9-c1', `${kept}account`),
      certificates: await sql('alma9-c1', `${kept}certificate`),
      files: await on('alma9-c1', files),
    }
    await lab.reset('alma9-c2')
    const site = await run('site')
    t.equal(site.exitCode, 0, explain(site))
    for (const node of nodes) {
      t.equal(await sql(node, `${kept}account`), before.accounts, `accounts on ${node}`)
      t.equal(await sql(node, `${kept}certificate`), before.certificates, `certificates on ${node}`)
      t.equal(await on(node, files), before.files, `files on ${node}`)
    }
    await isGreen(t)
  })

  await t.test(
    'a node that was cut off catches up, and overwrites nothing newer',
    long,
    async (t) => {
      const in1 = (command: string) => on('alma9-c1', `cd ${volume} && ${command}`)
      await in1('echo 1 >deleted; echo 1 >renamed; echo 1 >edited')
      await until(async () => (await on('alma9-c2', `ls ${volume}`)).includes('edited'))
      await on(
        'alma9-c2',
        `setsid sh -c 'sleep 10; echo older >${volume}/edited; echo there >${volume}/new2' >/dev/null 2>&1 </dev/null &`,
      )
      await lab.linkDown('alma9-c2')
      const cut = Date.now()
      await in1('rm deleted; mv renamed other; echo there >new1; sleep 20; echo newer >edited')
      const verified = await run('verify')
      t.equal(verified.exitCode, 4, explain(verified))
      t.match(verified.recap?.hosts, {
        'alma9-c1': { unreachable: 0 },
        'alma9-c2': { unreachable: 1 },
      })
      const rows = failed(verified)
      t.ok(
        rows.includes('alma9-c2: lego enrols') &&
          rows.includes('alma9-c1: a database made here is on alma9-c2'),
      )
      t.notOk(rows.includes('alma9-c1: lego enrols'), 'the other goes on')
      t.comment(`${Date.now() - cut} ms`)
      await sleep(Math.max(0, 60_000 - (Date.now() - cut)))
      await lab.linkUp('alma9-c2')
      await isGreen(t)
      for (const node of nodes)
        t.equal(
          await on(
            node,
            `cd ${volume} && cat edited new1 new2; ls deleted renamed other 2>/dev/null || :`,
          ),
          'newer\nthere\nthere\nother',
          node,
        )
    },
  )
}

function checks({ events }: Finished): readonly CheckEvent[] {
  return events.filter((event) => event.type === 'check')
}

function failed(finished: Finished): readonly string[] {
  return checks(finished)
    .filter(({ result }) => result === 'failed')
    .map(({ host, check }) => `${host}: ${check}`)
}

function find(finished: Finished, row: string): CheckEvent | undefined {
  return checks(finished).find(({ host, check }) => `${host}: ${check}` === row)
}

/** When each unit of a node was started. */
async function started(node: Node): Promise<Readonly<Record<string, string>>> {
  const times = await on(node, `systemctl show --value -p ActiveEnterTimestamp ${units.join(' ')}`)
  const lines = times.split('\n').filter((line) => line !== '')
  return Object.fromEntries(units.map((unit, at) => [unit, lines[at] ?? '']))
}

async function until(test: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 60 && !(await test()); tries += 1) await sleep(500)
}

async function sql(node: Node, statements: string): Promise<string> {
  return await on(node, `mariadb --batch --skip-column-names <<'END'\n${statements}\nEND`)
}

/** Runs a script on a node; it fails where the first of its commands does. */
async function on(node: Node, text: string): Promise<string> {
  return await script(lab, node, text)
}
