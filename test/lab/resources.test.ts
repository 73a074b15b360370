import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { secret } from '../../lib/core/secret.js'
import type { Lab } from '../../lib/lab/index.js'
import {
  aptRepository,
  authorizedKey,
  command,
  directory,
  download,
  file,
  group,
  hostsEntry,
  lineInFile,
  packageFile,
  packages,
  service,
  sshKeypair,
  user,
  waitForPort,
} from '../../lib/resources/index.js'
import { hostKeys } from '../../lib/resources/probes/index.js'
import type { Resource } from '../../lib/resources/types.js'
import { useLab } from '../fixtures/lab.js'
import { tempFolder, testRun } from '../fixtures/run.js'
import { inside, on as onHost } from '../fixtures/on-host.js'

async function on(lab: Lab, line: string): Promise<string> {
  return await onHost(lab, 'one', line)
}

async function inventoryOf(t: Test, lab: Lab): Promise<string> {
  const { hosts } = await lab.load()
  const path = join(await tempFolder(t), 'hosts.yml')
  await writeFile(path, JSON.stringify({ all: { hosts } }))
  return path
}

async function ensure(
  inventory: string,
  resources: readonly Resource<unknown>[],
  mode: 'run' | 'check' = 'run',
) {
  const outputs: unknown[] = []
  const statuses: string[] = []
  const { events, thrown } = await testRun({ inventory, mode }, async (play) => {
    await play('test', { hosts: 'all' }, async (host) => {
      const results = await host.ensure(resources)
      if (mode === 'run') outputs.push(...results.map(({ output }) => output as unknown))
      for (const [at, { status }] of results.entries())
        statuses.push(mode === 'check' ? `${resources[at]?.type.name}: ${status}` : status)
    })
  })
  return {
    statuses,
    reasons: events.flatMap((event) => (event.type === 'task' ? [event.reason] : [])),
    error: events.find((event) => event.type === 'failure')?.error ?? thrown,
    events,
    outputs,
  }
}

/** All that a host is, as far as a run could change it: files but logs and caches of reading. */
const everything = `find / -xdev -not -path '/proc*' -not -path '/sys*' -not -path '/run*' \\
  -not -path '/var/log*' -not -path '/tmp*' -not -path '/dev*' -not -path '/root' \\
  -not -path '/var/lib/systemd*' -printf '%p %m %u %g %s %T@ %l\\n' | sort | sha256sum`

t.test('resources on a real host', { timeout: 600_000 }, async (t) => {
  const lab = await useLab(t, { name: 'tres', subnet: '203.0.113.128/26', hosts: { one: {} } })
  const inventory = await inventoryOf(t, lab)
  const run = async (...resources: readonly Resource<unknown>[]) => ensure(inventory, resources)

  await t.test(
    'check mode on a blank host plans all, says what it cannot know, writes nothing',
    async (t) => {
      const before = await on(lab, everything)
      const { statuses, reasons, error } = await ensure(
        inventory,
        [
          packages({ names: ['chrony', 'tree'] }),
          service({ name: 'chrony', enabled: true, state: 'started' }),
          file({ path: '/etc/chrony/conf.d/x.conf', content: 'x' }),
          lineInFile({ path: '/etc/chrony/chrony.conf', line: 'x' }),
          user({ name: 'deploy' }),
          authorizedKey({ user: 'deploy', key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAA' }),
          directory({ path: '/srv/app', owner: 'deploy' }),
          file({ path: '/srv/app/conf', content: 'x', owner: 'deploy' }),
          command({ run: 'make', creates: '/srv/app/made' }),
          command({ run: 'tree /', unless: 'tree --version' }),
          sshKeypair({ path: '/root/.ssh/id_test' }),
          waitForPort({ port: 323 }),
          file({
            path: '/etc/systemd/system/own.service',
            content: '[Service]\nExecStart=/bin/true\n',
          }),
          service({ name: 'own', state: 'started' }),
        ],
        'check',
      )
      t.equal(error, undefined)
      t.same(statuses, [
        'packages: changed',
        'service: unknown',
        'file: unknown',
        'lineInFile: unknown',
        'user: unknown',
        'authorizedKey: changed',
        'directory: unknown',
        'file: changed',
        'command: unknown',
        'command: unknown',
        'sshKeypair: changed',
        'waitForPort: unknown',
        'file: changed',
        'service: unknown',
      ])
      t.match(reasons[1], /packages chrony, tree would be installed first/)
      t.equal(await on(lab, everything), before)
    },
  )

  await t.test('packages() installs, knows what is installed, and removes', async (t) => {
    t.same((await run(packages({ names: ['hello', 'tree'] }))).statuses, ['changed'])
    t.match(await on(lab, 'hello && tree --version'), /Hello, world/)
    t.same((await run(packages({ names: ['hello', 'tree'], state: 'latest' }))).statuses, ['ok'])
    t.same((await run(packages({ names: ['hello'], state: 'absent' }))).statuses, ['changed'])
    t.same((await run(packages({ names: ['hello'], state: 'absent' }))).statuses, ['ok'])
    const { error } = await run(packages({ names: ['no-such-package'] }))
    t.match(error, {
      code: 'TASK_FAILED',
      task: 'packages no-such-package',
      stderr: /Unable to locate/,
    })
  })

  await t.test('aptRepository() is read by apt', async (t) => {
    const source = { name: 'own', uris: ['https://deb.example.com/debian'], suites: ['bookworm'] }
    const key = `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQINBF\n-----END PGP PUBLIC KEY BLOCK-----`
    const own = aptRepository({ ...source, types: ['deb-src'], signedBy: key })
    t.same((await run(own)).statuses, ['changed'])
    t.same((await run(own)).statuses, ['ok'])
    // There is no way to it: apt tells that it has tried.
    t.match(
      await on(lab, 'apt-get update 2>&1 || :'),
      /https:\/\/deb\.example\.com\/debian bookworm/,
    )
    t.same((await run(aptRepository({ ...source, state: 'absent' }))).statuses, ['changed'])
  })

  await t.test('packages() completes what a killed run has left', async (t) => {
    for (const delay of [400, 1_200, 2_000]) {
      await on(lab, 'dpkg --purge hello tree jq libjq1 libonig5 >/dev/null 2>&1; :')
      const [nsenter = '', ...args] = inside(lab, 'one')
      const install = 'apt-get update -q; exec apt-get -y install hello tree jq'
      const child = spawn(nsenter, [...args, `echo $$; ${install}`], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const closed = once(child, 'close')
      const [pid] = (await once(child.stdout, 'data')) as [Buffer]
      child.stdout.resume()
      await sleep(delay)
      await on(lab, `kill -9 ${pid.toString().split('\n')[0]} $(pgrep -x dpkg) 2>/dev/null; :`)
      await closed
      const { error } = await run(packages({ names: ['hello', 'tree', 'jq'] }))
      t.equal(error, undefined, `killed after ${delay} ms`)
      t.equal(await on(lab, 'dpkg --audit; hello; jq --version'), 'Hello, world!\njq-1.6')
    }
    // The state that a power cut leaves most often: unpacked, and never configured.
    await on(
      lab,
      'dpkg --purge hello; cd /tmp && apt-get -q download hello && dpkg --unpack hello_*.deb',
    )
    t.same((await run(packages({ names: ['hello'] }))).statuses, ['changed'])
    t.equal(await on(lab, `dpkg-query -W -f '\${db:Status-Abbrev}' hello`), 'ii')
    // A package that the wish does not name must not be in its way.
    await on(lab, 'dpkg --purge tree; cd /tmp && dpkg --unpack hello_*.deb')
    t.equal((await run(packages({ names: ['tree'] }))).error, undefined)
    t.equal(await on(lab, 'dpkg --audit'), '')
  })

  await t.test('packages() unpacks again what was being unpacked', async (t) => {
    await run(packages({ names: ['hello'] }))
    await on(
      lab,
      `dpkg --purge tree && sed -i '/^Package: hello$/,/^$/s/^Status: .*/Status: install reinstreq half-installed/' /var/lib/dpkg/status`,
    )
    const { error, statuses } = await run(packages({ names: ['tree'] }))
    t.equal(error, undefined)
    t.same(statuses, ['changed'])
    t.equal(
      (await on(lab, "dpkg --audit; dpkg-query -W -f '${Status}' hello")).trim(),
      'install ok installed',
    )
  })

  await t.test('packages() waits for another that installs', async (t) => {
    await on(lab, 'dpkg --purge hello')
    const [nsenter = '', ...args] = inside(lab, 'one')
    // As apt takes its locks: by fcntl, which no shell can do.
    const holder = `perl -e 'use Fcntl;
      for my $n ("dpkg/lock-frontend", "apt/lists/lock") {
        open($f{$n}, ">>", "/var/lib/$n") or die $!;
        my $lock = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0);
        fcntl($f{$n}, F_SETLK, $lock) or die $!;
      }
      $| = 1; print "held\\n"; sleep 15;'`
    const child = spawn(nsenter, [...args, holder], { stdio: ['ignore', 'pipe', 'inherit'] })
    let ended = false
    child.on('close', () => (ended = true))
    await once(child.stdout, 'data')
    const { error } = await run(packages({ names: ['hello'] }))
    t.equal(error, undefined)
    t.ok(ended, 'it has waited')
  })

  await t.test('packageFile() installs a file of the web, or says that it can not', async (t) => {
    const path = '/srv/hello.deb'
    const url = await on(lab, `apt-get download --print-uris hello | cut -d "'" -f 2`)
    const [sha256 = ''] = (
      await on(
        lab,
        'cd /tmp && rm -f hello_* && apt-get -q download hello >&2 && sha256sum hello_*',
      )
    ).split(' ')
    await on(lab, 'dpkg --purge hello')
    const wishes = [download({ url, path, sha256 }), packageFile({ path })]
    const before = await on(lab, everything)
    const planned = await ensure(inventory, wishes, 'check')
    t.same(planned.statuses, ['download: changed', 'packageFile: unknown'])
    t.match(planned.reasons[1], /download \/srv\/hello\.deb would be changed first/)
    t.equal(await on(lab, everything), before)
    const other = await run(download({ url, path, sha256: '0'.repeat(64) }))
    t.match(other.error, { code: 'VALIDATION_FAILED', message: /its SHA-256 is not the one/ })
    const missing = await run(download({ url: `${url}x`, path, sha256 }))
    t.match(missing.error, { code: 'TASK_FAILED', stderr: /404/ })
    t.equal(await on(lab, 'ls -A /srv'), '', 'nothing is left of them')
    t.match((await run(packageFile({ path }))).error, { message: /there is no such file$/ })

    t.match(await run(...wishes), { error: undefined, statuses: ['changed', 'changed'] })
    t.equal(await on(lab, 'hello'), 'Hello, world!')
    t.same((await run(...wishes)).statuses, ['ok', 'ok'])
    await on(lab, 'dpkg --purge hello')
    const sure = await ensure(inventory, wishes, 'check')
    t.same(sure.statuses, ['download: ok', 'packageFile: changed'])
    await on(lab, `dpkg --unpack ${path}`)
    t.same((await run(...wishes)).statuses, ['ok', 'changed'], 'it was half installed')

    await on(
      lab,
      `dpkg-deb -R ${path} /tmp/older && sed -i 's/^Version: .*/Version: 1/' /tmp/older/DEBIAN/control &&
      dpkg-deb -b /tmp/older /srv/older.deb && cp /etc/fstab /srv/not-one.deb`,
    )
    t.same((await run(packageFile({ path: '/srv/older.deb' }))).statuses, ['changed'])
    t.equal(await on(lab, `dpkg-query -W -f '\${Version}' hello`), '1')
    t.same((await run(...wishes)).statuses, ['ok', 'changed'])
    t.match((await run(packageFile({ path: '/srv/not-one.deb' }))).error, {
      code: 'TASK_FAILED',
      message: 'Cannot install "/srv/not-one.deb": it is not a package',
    })
  })

  await t.test('service() with a unit, its drop-in and a restart, in one go', async (t) => {
    const unit = '[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n'
    const wishes = [
      file({ path: '/etc/systemd/system/own.service', content: unit }),
      service({ name: 'own', enabled: true, state: 'started' }),
    ]
    t.same((await run(...wishes)).statuses, ['changed', 'changed'])
    t.equal(await on(lab, 'systemctl is-active own; systemctl is-enabled own'), 'active\nenabled')
    t.same((await run(...wishes)).statuses, ['ok', 'ok'])
    const pid = () => on(lab, 'systemctl show -P MainPID own')
    const before = await pid()
    const changed = await run(
      directory({ path: '/etc/systemd/system/own.service.d' }),
      file({
        path: '/etc/systemd/system/own.service.d/env.conf',
        content: '[Service]\nEnvironment=A=1\n',
      }),
      service({ name: 'own', state: 'restarted' }),
    )
    t.same(changed.statuses, ['changed', 'changed', 'changed'])
    t.not(await pid(), before)
    t.equal(
      await on(lab, 'systemctl show -P Environment own; systemctl show -P NeedDaemonReload own'),
      'A=1\nno',
    )
    // Changed past the library: systemd is told before the restart.
    await on(lab, 'sed -i s/1000/2000/ /etc/systemd/system/own.service')
    t.same((await run(service({ name: 'own', state: 'started' }))).statuses, ['changed'])
    t.same((await run(service({ name: 'own', state: 'started' }))).statuses, ['ok'])
    t.same(
      (await run(service({ name: 'own', enabled: false, state: 'stopped', masked: false })))
        .statuses,
      ['changed'],
    )
    t.equal(
      await on(lab, 'systemctl is-active own; systemctl is-enabled own; :'),
      'inactive\ndisabled',
    )
    t.same((await run(service({ name: 'own', enabled: false, state: 'stopped' }))).statuses, ['ok'])
    t.same(
      (await run(service({ name: 'chrony-wait', state: 'stopped', enabled: false }))).statuses,
      ['ok'],
    )
    await on(lab, 'rm -r /etc/systemd/system/own.service*; systemctl daemon-reload')
    t.same((await run(service({ name: 'own', masked: true }))).statuses, ['changed'])
    t.same((await run(service({ name: 'own', masked: true }))).statuses, ['ok'])
    t.same((await run(service({ name: 'own', masked: false }))).statuses, ['changed'])
    t.same((await run(service({ name: 'own', masked: false }))).statuses, ['ok'])
    const missing = await run(service({ name: 'own', state: 'started' }))
    t.match(missing.error, {
      message: 'Cannot manage service "own": there is no unit "own.service"',
    })
    const broken = await run(
      file({
        path: '/etc/systemd/system/bad.service',
        content: '[Service]\nType=oneshot\nExecStart=/bin/sh -c "echo why-it-failed; false"\n',
      }),
      service({ name: 'bad', state: 'started' }),
    )
    t.match(broken.error, { task: 'service bad', stderr: /why-it-failed/ })
  })

  await t.test('users, groups and keys', async (t) => {
    const hash =
      '$6$saltsalt$w3DdJpVGyqXyGGEZcXyWlqVD0xGbyTAlBjKVHAEOfyO3OFXtKO0mSZUHzq4xCV.6wzSD7n0uQmgVA8dGcgIPB0'
    const key = (await on(lab, 'cat /etc/ssh/ssh_host_ed25519_key.pub'))
      .split(' ')
      .slice(0, 2)
      .join(' ')
    const wishes = [
      group({ name: 'app', gid: 4242 }),
      user({
        name: 'deploy',
        uid: 4343,
        groups: ['app', 'adm'],
        shell: '/bin/bash',
        comment: "De'Ploy",
        passwordHash: secret(hash),
      }),
      authorizedKey({
        user: 'deploy',
        key: `${key} me`,
        options: 'restrict,from="203.0.113.0/24"',
      }),
      authorizedKey({ user: 'root', key: `${key} me` }),
      user({
        name: 'daemon-x',
        system: true,
        createHome: false,
        home: '/nonexistent',
        shell: '/usr/sbin/nologin',
        group: 'app',
      }),
    ]
    t.same((await run(...wishes)).statuses, Array<string>(5).fill('changed'))
    t.equal(
      await on(lab, 'getent passwd deploy; id -nG deploy; getent shadow deploy | cut -d: -f2'),
      `deploy:x:4343:4343:De'Ploy:/home/deploy:/bin/bash\ndeploy adm app\n${hash}`,
    )
    t.equal(
      await on(
        lab,
        'cd /home/deploy; stat -c "%n %a %U %G" .ssh .ssh/authorized_keys; cat .ssh/authorized_keys',
      ),
      `.ssh 700 deploy deploy\n.ssh/authorized_keys 600 deploy deploy\nrestrict,from="203.0.113.0/24" ${key} me`,
    )
    t.match(
      await on(lab, 'getent passwd daemon-x'),
      /^daemon-x:x:\d{1,3}:4242::\/nonexistent:\/usr\/sbin\/nologin$/,
    )
    t.same((await run(...wishes)).statuses, Array<string>(5).fill('ok'))
    // The key of the test itself is still there.
    t.equal(await on(lab, 'grep -c . /root/.ssh/authorized_keys'), '2')
    const changed = await run(
      group({ name: 'app', gid: 4244 }),
      user({ name: 'deploy', groups: ['app'], shell: '/bin/sh', passwordHash: '!' }),
      authorizedKey({ user: 'root', key, state: 'absent' }),
    )
    t.same(changed.statuses, ['changed', 'changed', 'changed'])
    t.equal(await on(lab, 'id -nG deploy; getent shadow deploy | cut -d: -f2'), 'deploy app\n!')
    t.notMatch(JSON.stringify(changed.events), hash)
    const gone = [
      user({ name: 'deploy', state: 'absent', removeHome: true }),
      user({ name: 'daemon-x', state: 'absent' }),
      group({ name: 'app', state: 'absent' }),
    ]
    t.same((await run(...gone)).statuses, ['changed', 'changed', 'changed'])
    t.same((await run(...gone)).statuses, ['ok', 'ok', 'ok'])
    t.equal(await on(lab, 'ls /home | grep -c deploy || :'), '0')
  })

  await t.test('hostsEntry(), sshKeypair() and waitForPort()', async (t) => {
    const wishes = [
      hostsEntry({ address: '203.0.113.139', names: ['one.example', 'one'] }),
      hostsEntry({ address: '203.0.113.140', names: ['two.example', 'two'] }),
      sshKeypair({ path: '/root/.ssh/id_test' }),
      waitForPort({ port: 22, timeout: 5_000 }),
      waitForPort({ port: 22, host: '203.0.113.139', timeout: 5_000 }),
    ]
    const first = await run(...wishes)
    t.equal(first.error, undefined)
    t.same(first.statuses, ['changed', 'changed', 'changed', 'ok', 'ok'])
    t.equal(
      await on(lab, 'getent hosts one two | tr -s " "'),
      '203.0.113.139 one.example one\n203.0.113.140 two.example two',
    )
    const { publicKey } = first.outputs[2] as { publicKey: string }
    t.equal(await on(lab, 'cat /root/.ssh/id_test.pub'), publicKey)
    t.same((await run(...wishes)).statuses, Array<string>(5).fill('ok'))
  })

  await t.test('facts and host keys', async (t) => {
    const seen: unknown[] = []
    await testRun({ inventory }, async (play) => {
      await play('facts', { hosts: 'all' }, async (host) => seen.push(await host.facts()))
    })
    t.match(seen[0], {
      family: 'debian',
      distribution: 'debian',
      version: '12',
      codename: 'bookworm',
      hostname: 'one',
      packageManager: 'apt',
      serviceManager: 'systemd',
      defaultAddress: '203.0.113.139',
    })
    const { kind, key } = hostKeys()
    const said = await on(lab, kind.script([key as never]))
    const [keys] = kind.parse(Buffer.from(said), [key as never]) as readonly {
      type: string
      key: string
    }[][]
    t.ok(keys?.some(({ type }) => type === 'ssh-ed25519'))
  })
})
