import t from 'tap'
import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { layerDifferences } from '../../lib/testing/layer.js'
import { labSecret } from '../../lib/lab/secrets.js'
import { cluster } from '../fixtures/cluster.js'
import { lab } from '../fixtures/inventories/site/hosts.js'
import { judge } from '../fixtures/judge.js'
import { runPlaybook, startPlaybook, type Finished } from '../fixtures/playbook.js'
import { on } from '../fixtures/on-host.js'
import { verifyCases } from './verify-cases.js'

const exec = promisify(execFile)
const site = 'playbooks/site.ts'
const inventory = ['-i', 'test/fixtures/inventories/site']
const names = ['alma9-c1', 'alma9-c2']

const { layer } = cluster(lab, 'site')

t.teardown(async () => await lab.down())

function explain({ exitCode, stderr, events }: Finished): string {
  return `exit code ${exitCode}\n${stderr}\n${events
    .filter(({ type }) => type === 'failure')
    .map((event) => JSON.stringify(event))
    .join('\n')}`
}

/** The lab's passwords, and the files that are meant to hold them. */
const homes = {
  // The server itself keeps what its replica logs in with.
  replication: /^\/var\/lib\/mysql\/.*master.*\.info$/,
  // Python compiles the settings, and gives the result the mode of the source.
  database: /^\/opt\/acme2certifier\/acme2certifier\/(settings\.py|__pycache__\/settings\..*)$/,
  ca: /^\/etc\/acme2certifier\/environment$/,
}

t.before(async () => {
  await lab.down()
  await lab.up()
})

t.test(
  '--check on hosts never touched shows the plan, says unknown, and writes nothing',
  async (t) => {
    const before = new Map(names.map((name) => [name, layer(name)]))
    const run = await runPlaybook(site, [...inventory, '--check', '--diff', '--output', 'json'])
    t.equal(run.exitCode, 0, explain(run))
    for (const name of names) {
      t.same(layerDifferences(before.get(name)!, layer(name)), [], `${name} is as it was`)
      t.match(run.recap?.hosts[name], { failed: 0, unreachable: 0 })
      t.ok((run.recap?.hosts[name]?.changed ?? 0) >= 3, 'hosts entries and the package are planned')
      t.ok((run.recap?.hosts[name]?.unknown ?? 0) > 0, 'what needs the package is unknown')
    }
    const reasons = run.events.flatMap((event) =>
      event.type === 'task' && event.status === 'unknown' ? [event.reason] : [],
    )
    t.ok(
      reasons.some((reason) => /packages? (mariadb-server|epel-release)/.test(reason ?? '')),
      'each says why',
    )
    t.notOk(reasons.includes(undefined))
    for (const name of names)
      t.ok(
        run.events.some(
          (event) =>
            event.type === 'task' &&
            event.host === name &&
            event.task === 'template /etc/my.cnf.d/zz-master-master.cnf',
        ),
        'also what comes after a package is told of, as far as it can be',
      )
    const detailed = await runPlaybook(site, [...inventory, '--check', '--detailed-exitcode'])
    t.equal(detailed.exitCode, 2)
  },
)

t.test(
  'site.ts converges two blank hosts, passwords show nowhere, and a second run changes nothing',
  async (t) => {
    const passwords = Object.entries(homes).map(
      ([name, home]) => [labSecret('tsite', name).reveal(), home] as const,
    )
    const seen = new Set<string>()
    let sampling = true
    const sampler = Promise.all(
      names.map(async (name) => {
        // Ten times an entry, so that looking costs little.
        while (sampling)
          for (const line of (
            await on(lab, name, 'for i in 1 2 3 4 5 6 7 8 9 10; do ps -eo args; sleep 0.05; done')
          ).split('\n'))
            seen.add(line)
      }),
    )
    const first = await runPlaybook(site, [...inventory, '-vvv', '--diff', '--output', 'json'])
    sampling = false
    await sampler
    t.equal(first.exitCode, 0, explain(first))
    t.ok(
      [...seen].some((line) => line.includes('mariadbd')),
      'the samples are of the run',
    )
    for (const [password, home] of passwords) {
      t.notOk(
        [...seen].some((line) => line.includes(password)),
        'not in ps',
      )
      t.notOk(`${first.stdout}${first.stderr}`.includes(password), 'not in the output')
      for (const name of names) {
        const found = await on(
          lab,
          name,
          `grep -rlF -e ${password} /etc /root /home /var /run /tmp /opt /srv 2>/dev/null || :`,
        )
        t.same(
          found.split('\n').filter((path) => path !== '' && !home.test(path)),
          [],
        )
      }
      const records = await exec('grep', ['-rlF', '--', password, '.hostwright']).catch(() => ({
        stdout: '',
      }))
      t.equal(records.stdout, '', 'not in the records of the runs')
    }

    // What is set again, if only to what it is, has another time of change.
    const accounts = async () =>
      await Promise.all(
        names.map(
          async (name) =>
            await on(
              lab,
              name,
              'mariadb -N -e "SELECT User, Host, Priv FROM mysql.global_priv ORDER BY User, Host; SELECT * FROM mysql.db"',
            ),
        ),
      )
    const accountsBefore = await accounts()
    const before = new Map(names.map((name) => [name, layer(name)]))
    const second = await runPlaybook(site, [...inventory, '--output', 'json'])
    t.equal(second.exitCode, 0, explain(second))
    for (const name of names) {
      t.match(second.recap?.hosts[name], { changed: 0, failed: 0, unreachable: 0, unknown: 0 })
      t.same(layerDifferences(before.get(name)!, layer(name)), [], `${name} is as it was`)
      t.comment(`${name}: ${second.recap?.hosts[name]?.roundTrips} round trips`)
    }
    t.ok(
      (await accounts()).join() === accountsBefore.join(),
      'accounts and grants are as they were',
    )
    const detailed = await runPlaybook(site, [...inventory, '--detailed-exitcode'])
    t.equal(detailed.exitCode, 0, 'nothing to change')
    t.match(detailed.stdout, /alma9-c1 +: ok=\d+ +changed=0/)
  },
)

const long =
  process.env['HOSTWRIGHT_TEST'] === 'all' ? {} : { skip: 'only with HOSTWRIGHT_TEST=all' }

t.test(
  "ansible-playbook --check finds the end state of acme2certifier's guide",
  long,
  async (t) => {
    const { hosts, output } = await judge(t, 'test/fixtures/inventories/site')
    for (const name of names) {
      t.match(hosts[name], { changed: 0, failed: 0, unreachable: 0 }, output)
      t.ok((hosts[name]?.['ok'] ?? 0) >= 20, `${name}: ${hosts[name]?.['ok']} tasks have looked`)
    }
  },
)

t.test(
  'a host that does not answer is unreachable in seconds, and the other goes on',
  async (t) => {
    await lab.linkDown('alma9-c2')
    try {
      const started = Date.now()
      const real = await runPlaybook(site, [...inventory, '--output', 'json'])
      t.comment(`${Date.now() - started} ms`)
      t.equal(real.exitCode, 4, explain(real))
      t.match(real.recap?.hosts['alma9-c2'], { unreachable: 1 })
      const tasks = real.events.filter(
        (event) => event.type === 'task' && event.host === 'alma9-c1',
      )
      t.ok(tasks.length >= 2, 'work that does not need the other is done')
    } finally {
      await lab.linkUp('alma9-c2')
    }
  },
)

t.test('sessions of sshd killed during a run: it ends well', async (t) => {
  let kills = 0
  let killed: Promise<unknown> | undefined
  const run = await runPlaybook(
    'test/fixtures/playbooks/steady.ts',
    [...inventory, '--output', 'json'],
    {
      onEvent: (event) => {
        if (event.type !== 'start' || event.task !== 'command wait' || kills > 0) return
        kills += 1
        killed = Promise.all(names.map((name) => on(lab, name, "pkill -9 -f '^sshd: root@notty'")))
      },
    },
  )
  t.equal(kills, 1)
  await killed
  t.equal(run.exitCode, 0, explain(run))
  const told = run.events.flatMap((event) => (event.type === 'note' ? [event.text] : []))
  t.ok(
    told.some((text) => text.includes('connection lost')),
    told.join('\n'),
  )
  for (const name of names) {
    t.match(run.recap?.hosts[name], { ok: 4, changed: 4, failed: 0, unreachable: 0 })
    t.equal(await on(lab, name, 'cat /root/steady-4/*'), 'after\nbefore\nwaited')
  }
})

t.test('a network that is gone while a command runs: the run ends well', async (t) => {
  let cut = 0
  const run = await runPlaybook(
    'test/fixtures/playbooks/steady.ts',
    [...inventory, '--output', 'json'],
    {
      env: { SECONDS: '60' },
      onEvent: (event) => {
        if (event.type !== 'start' || event.task !== 'command wait' || cut > 0) return
        cut += 1
        // Longer than it takes to notice; the host does not notice, and its session keeps the lock.
        void lab
          .linkDown('alma9-c2')
          .then(async () => await sleep(45_000))
          .finally(async () => await lab.linkUp('alma9-c2'))
      },
    },
  )
  t.equal(cut, 1)
  t.equal(run.exitCode, 0, explain(run))
  const told = run.events.flatMap((event) =>
    event.type === 'note' ? [`${event.host}: ${event.text}`] : [],
  )
  t.match(told.join('\n'), /^alma9-c2: connection lost.*\nalma9-c2: waits for a command/)
  for (const name of names) {
    t.match(run.recap?.hosts[name], { ok: 4, changed: 4, failed: 0, unreachable: 0 })
    t.equal(await on(lab, name, 'cat /root/steady-60/*'), 'after\nbefore\nwaited')
  }
})

t.test('two runs at once: the second says who holds the lock', async (t) => {
  let held = 0
  let second: Promise<Finished> | undefined
  const letGo = async () => {
    for (const name of names) await on(lab, name, 'touch /run/let-go')
  }
  const first = startPlaybook(
    'test/fixtures/playbooks/slow.ts',
    [...inventory, '--output', 'json'],
    {
      onEvent: (event) => {
        if (event.type !== 'task' || event.status !== 'changed') return
        held += 1
        // Both of its commands on both hosts: it holds them all.
        if (held === 4)
          second = runPlaybook(site, [...inventory, '--output', 'json']).finally(letGo)
      },
    },
  )
  t.equal((await first.finished).exitCode, 0)
  const refused = await second
  t.equal(refused?.exitCode, 2)
  t.match(
    refused?.events.find(({ type }) => type === 'failure'),
    {
      error: { code: 'HOST_LOCKED', message: /held by .*process \d+\), slow, run .* since \d{4}-/ },
    },
  )
})

t.test('verify.ts and update.ts', { timeout: 7_100_000 }, verifyCases)
