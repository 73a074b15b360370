import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { evidenceOf } from '../../lib/drift/index.js'
import { defineLab, type Lab } from '../../lib/lab/index.js'
import { debian12Image } from '../../lib/lab/debian12/image.js'
import { downloadOf, tarballImage } from '../../lib/lab/tarball.js'
import {
  download,
  packageFile,
  packages,
  service,
  yumRepository,
} from '../../lib/resources/index.js'
import type { Resource } from '../../lib/resources/types.js'
import { useLab } from '../fixtures/lab.js'
import { tempFolder, testRun } from '../fixtures/run.js'
import { inside, on } from '../fixtures/on-host.js'

const execute = promisify(execFile)
const subnet = '198.18.21.0/27'

async function ensure(
  t: Test,
  lab: Lab,
  resources: readonly Resource<unknown>[],
  mode: 'run' | 'check' = 'run',
) {
  const inventory = join(await tempFolder(t), 'hosts.yml')
  await writeFile(inventory, JSON.stringify({ all: { hosts: (await lab.load()).hosts } }))
  const { events, thrown } = await testRun({ inventory, mode }, async (play) => {
    await play('test', { hosts: 'one' }, async (host) => {
      await host.ensure(resources)
    })
  })
  const tasks = events.filter((event) => event.type === 'task')
  return {
    statuses: tasks.map(({ status }) => status),
    changes: tasks.flatMap((event) => event.changes ?? []),
    error: events.find((event) => event.type === 'failure')?.error ?? thrown,
  }
}

/**
 * All that a host is but logs and temporary files, with the times of files: a run would show. The
 * database of rpm counts, but not the file by which those who read it keep off each other.
 */
const everything = `find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /var/log \\
  -o -path /tmp -o -path /dev -o -path /var/lib/systemd \\) -prune -o -not -path /root \\
  -not -name rpmdb.sqlite-shm -printf '%p %m %u %g %s %T@ %l\\n' | sort`

/** Two versions of a package without files, by the image's own rpmbuild. */
const buildTool = `cat >/srv/tool.spec <<'END'
Name: tool
Version: %{wanted}
Release: 1
Summary: A package
License: none
BuildArch: noarch
%description
A package.
%files
END
for version in 1 2; do
  rpmbuild -bb --quiet -D "wanted $version" -D '_topdir /srv/build' /srv/tool.spec || exit
  cp /srv/build/RPMS/noarch/tool-$version-1.noarch.rpm /srv/tool-$version.rpm
done`

/** Repositories of that package: signed by nobody, and by each of two keys. */
const buildSigned = `export GNUPGHOME=/srv/gnupg
mkdir -m 0700 $GNUPGHOME
for signer in nobody first second; do
  mkdir -p /srv/by-$signer && cp /srv/tool-1.rpm /srv/by-$signer/ || exit
  [ $signer = nobody ] || {
    gpg -q --batch --passphrase '' --quick-gen-key $signer@example.com rsa2048 sign never &&
    gpg --armor --export $signer@example.com >/srv/$signer.asc &&
    rpmsign --addsign -D '__gpg /usr/bin/gpg' -D "_gpg_name $signer@example.com" \\
      /srv/by-$signer/tool-1.rpm >&2
  } || exit
  createrepo_c -q /srv/by-$signer || exit
done
gpgconf --kill all`

/** The URL of a file of this machine. */
async function served(t: Test, path: string): Promise<string> {
  const server = createServer((_request, response) => void createReadStream(path).pipe(response))
  t.teardown(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/${basename(path)}`
}

t.test('images that cannot be are refused', async (t) => {
  for (const image of ['el8', 'rootfs.tar'])
    t.throws(() => defineLab({ name: 'tel9x', subnet, hosts: { one: {} }, image }), {
      code: 'INVENTORY_INVALID',
      message: `Cannot define lab host "one": there is no image "${image}"`,
    })
  const folder = await tempFolder(t)
  const wrong = join(folder, 'wrong.tar')
  await writeFile(wrong, 'not packed by tar, but long enough to look like something\n'.repeat(50))
  const empty = join(folder, 'empty.tar')
  await execute('tar', ['-cf', empty, '-C', folder, 'wrong.tar'])
  for (const [image, message] of [
    [join(folder, 'missing.tar'), /: there is no such file$/],
    [wrong, /: tar cannot unpack it: /],
    [empty, /: the root file system in it has no systemd, no an sshd/],
    ['http://127.0.0.1:9/rootfs.tar', /: it cannot be fetched: /],
  ] as const) {
    const lab = defineLab({ name: 'tel9x', subnet, hosts: { one: {} }, image })
    t.teardown(() => lab.down())
    await t.rejects(lab.up(), { code: 'LAB_UNAVAILABLE', message }, image)
    t.match(await lab.status(), { state: 'partial', hosts: [{ state: 'absent' }] })
  }
})

t.test('an imitation of EL9', { timeout: 1_700_000 }, async (t) => {
  const tarball = join(await tempFolder(t), 'rootfs.tar')
  await execute('tar', ['-cf', tarball, '-C', debian12Image(), '.'])
  const address = await served(t, tarball)
  for (const place of [tarball, address]) {
    const unpacked = tarballImage(place)
    t.teardown(async () => await rm(unpacked, { recursive: true, force: true }))
  }
  t.teardown(async () => await rm(downloadOf(address), { force: true }))
  const lab = await useLab(t, {
    name: 'tel9',
    subnet,
    hosts: { one: { image: 'el9' }, two: {}, three: { image: tarball }, four: { image: address } },
  })

  await t.test('it has the shape of EL9, and says what it is', async (t) => {
    t.equal(await on(lab, 'one', 'systemctl is-system-running --wait'), 'running')
    const release = await on(lab, 'one', 'cat /etc/os-release /etc/redhat-release')
    t.match(release, /^ID="almalinux"$/m)
    t.match(release, /^VARIANT=.*imitation/m)
    t.equal(await on(lab, 'one', 'systemctl is-active firewalld sshd'), 'active\nactive')
    t.equal(await on(lab, 'one', 'command -v apt-get dpkg || echo none'), 'none')
    t.equal(await on(lab, 'one', 'readlink -f /bin/sh'), '/usr/bin/bash')
    t.match(await on(lab, 'one', 'rpm -q --whatprovides system-release'), /^almalinux-release-9/)
  })

  await t.test('hosts of other images are beside it', async (t) => {
    for (const host of ['two', 'three', 'four']) {
      t.match(await on(lab, host, 'cat /etc/os-release'), /^ID=debian$/m)
      t.equal(await on(lab, host, 'systemctl is-system-running --wait'), 'running')
    }
    const source = 'ls /etc/apt/sources.list.d'
    t.equal(await on(lab, 'two', source), 'lab.sources')
    for (const host of ['three', 'four'])
      t.equal(await on(lab, host, source), '', 'a tarball keeps its own sources')
  })

  const epel = packages({ names: ['epel-release'] })
  await t.test('check mode tells what dnf would do, and leaves no trace', async (t) => {
    const before = await on(lab, 'one', everything)
    const { statuses, error } = await ensure(
      t,
      lab,
      [
        packages({ names: ['@Development Tools', 'tree'] }),
        packages({ names: ['@mariadb:10.11'] }),
        packages({ names: ['firewalld'], state: 'latest' }),
        epel,
        packages({ names: ['*'], state: 'latest' }),
      ],
      'check',
    )
    t.equal(error, undefined)
    t.same(statuses, ['changed', 'changed', 'ok', 'changed', 'unknown'])
    t.equal(await on(lab, 'one', everything), before)
  })

  await t.test('packages come from the repositories, EPEL once it is known', async (t) => {
    const unknown = await ensure(t, lab, [packages({ names: ['lsyncd'] })])
    t.match(unknown.error, { code: 'TASK_FAILED', stderr: /Unable to find a match: lsyncd/ })
    const resources = [
      epel,
      packages({ names: ['lsyncd', '@Development Tools', 'tree=2.1.0'] }),
      packages({ names: ['python3-django'] }),
    ]
    t.match(await ensure(t, lab, resources), {
      error: undefined,
      statuses: ['changed', 'changed', 'changed'],
    })
    t.same((await ensure(t, lab, resources)).statuses, ['ok', 'ok', 'ok'], 'again')
    t.equal(await on(lab, 'one', 'systemctl is-enabled lsyncd || :'), 'disabled')
    t.match(await on(lab, 'one', 'make --version'), 'GNU Make')
  })

  await t.test('a module has newer packages, and the update of all takes them', async (t) => {
    const all = packages({ names: ['*'], state: 'latest' })
    const mariadb = [packages({ names: ['mariadb-server'] })]
    const database = service({ name: 'mariadb', enabled: true, state: 'started' })
    const first = await ensure(t, lab, [...mariadb, database, all])
    t.equal(first.error, undefined)
    t.same(first.statuses.toSorted(), ['changed', 'changed', 'ok'])
    await ensure(t, lab, [packages({ names: ['@mariadb:10.11'] })])
    const planned = await ensure(t, lab, [all], 'check')
    t.same(planned.changes.map(({ property }) => property).toSorted(), [
      'mariadb',
      'mariadb-server',
    ])
    t.match(planned.changes[0]?.to, /module_el9$/)
    t.match(await ensure(t, lab, [all]), { error: undefined, changes: planned.changes })
    t.same((await ensure(t, lab, [all])).statuses, ['ok'])
    t.equal(await on(lab, 'one', 'mariadb -Ne "select 1"'), '1')
    t.match(await ensure(t, lab, [packages({ names: ['@mariadb:11.0'] })]), {
      error: { code: 'TASK_FAILED', message: /its stream "10\.11" is enabled$/ },
    })
  })

  await t.test('a repository that is left out does not count', async (t) => {
    const names = ['hello']
    const { error } = await ensure(t, lab, [packages({ names, disableRepo: ['epel'] })])
    t.match(error, { code: 'TASK_FAILED' })
    t.match(await ensure(t, lab, [packages({ names, disableRepo: ['*'], enableRepo: ['epel'] })]), {
      error: undefined,
      statuses: ['changed'],
    })
    t.match(await ensure(t, lab, [packages({ names: ['hello', 'tree'], state: 'absent' })]), {
      error: undefined,
      statuses: ['changed'],
    })
    const url = await on(lab, 'one', 'sed -n s/^baseurl=//p /etc/yum.repos.d/epel.repo')
    const own = [
      yumRepository({ id: 'own', baseurl: [url], gpgcheck: false, options: { priority: 10 } }),
      packages({ names, disableRepo: ['*'], enableRepo: ['own'] }),
    ]
    t.match(await ensure(t, lab, own), { error: undefined, statuses: ['changed', 'changed'] })
    t.match(await ensure(t, lab, own), { error: undefined, statuses: ['ok', 'ok'] })
    await ensure(t, lab, [
      yumRepository({ id: 'own', state: 'absent' }),
      packages({ names, state: 'absent' }),
    ])
    t.notMatch(await on(lab, 'one', 'dnf -q repolist --all'), /^own /m)
    t.equal(await on(lab, 'one', 'command -v hello tree || echo gone'), 'gone')
  })

  await t.test('a check of drift tells what the log of dnf says of a package', async (t) => {
    await on(lab, 'one', 'dnf -q -y install hello >&2 && dnf -q -y remove hello >&2')
    const { script, read } = evidenceOf([
      {
        id: 'hello',
        host: 'one',
        task: 'packages hello',
        property: 'hello',
        from: 'absent',
        to: 'present',
        state: 'new',
        side: 'host',
        since: '2026-03-01T12:00:00.000Z',
      },
    ])
    const told = read(await on(lab, 'one', script)).get('hello')
    const time = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d[+-]\\d{4}'
    t.match(told, [
      new RegExp(`${time} Installed: hello-2\\.10-\\S+\\.x86_64$`),
      new RegExp(`${time} Erase: hello-2\\.10-\\S+\\.x86_64$`),
    ])
  })

  await t.test('an RPM file is installed in its version, from the web too', async (t) => {
    const server = await on(lab, 'one', 'cat /etc/dnf/vars/hostwright_lab')
    const url = `http://${server}/epel/hello-2.10-3.el9.x86_64.rpm`
    const [sha256 = ''] = (await on(lab, 'one', `curl -sf ${url} | sha256sum`)).split(' ')
    const path = '/srv/hello.rpm'
    const wishes = [download({ url, path, sha256 }), packageFile({ path })]
    t.match(await ensure(t, lab, wishes, 'check'), {
      error: undefined,
      statuses: ['changed', 'unknown'],
    })
    t.match(await ensure(t, lab, wishes), {
      error: undefined,
      statuses: ['changed', 'changed'],
      changes: [{ to: url }, { property: 'hello', from: 'absent', to: '2.10-3.el9' }],
    })
    t.equal(await on(lab, 'one', 'hello'), 'Hello, world!')
    t.same((await ensure(t, lab, wishes)).statuses, ['ok', 'ok'])
    await on(lab, 'one', 'rpm -e hello')
    t.same((await ensure(t, lab, wishes, 'check')).statuses, ['ok', 'changed'])
    t.match(await ensure(t, lab, [download({ url, path, sha256: '0'.repeat(64) })]), {
      error: { code: 'VALIDATION_FAILED' },
    })

    await on(lab, 'one', buildTool)
    const tool = (version: number) => packageFile({ path: `/srv/tool-${version}.rpm` })
    t.same((await ensure(t, lab, [tool(2)])).changes, [
      { property: 'tool', from: 'absent', to: '2-1' },
    ])
    t.same((await ensure(t, lab, [tool(1)])).changes, [
      { property: 'tool', from: '2-1', to: '1-1' },
    ])
    t.equal(await on(lab, 'one', 'rpm -q tool'), 'tool-1-1.noarch')
    t.same((await ensure(t, lab, [tool(1)])).statuses, ['ok'])
    t.match(await ensure(t, lab, [packageFile({ path: '/srv/hello.deb' })]), {
      error: { message: 'Cannot install "/srv/hello.deb": there is no such file' },
    })
    await on(lab, 'one', 'rpm -e tool')
  })

  await t.test('an installation waits for another dnf', async (t) => {
    const [nsenter = '', ...args] = inside(lab, 'one')
    // By dnf's own code, which keeps a file with the number of a process that lives.
    const holder = `exec python3 -c 'import dnf.lock, time
with dnf.lock.build_rpmdb_lock("/var/lib/dnf", False):
    print("held", flush=True)
    time.sleep(6)'`
    const child = spawn(nsenter, [...args, holder], { stdio: ['ignore', 'pipe', 'inherit'] })
    let ended = false
    child.on('close', () => (ended = true))
    await once(child.stdout, 'data')
    t.match(await ensure(t, lab, [packages({ names: ['tree'] })]), {
      error: undefined,
      statuses: ['changed'],
    })
    t.ok(ended, 'it has waited')
    await on(lab, 'one', 'rpm -e tree')
  })

  await t.test('packages of a repository must have a signature by its key', async (t) => {
    await on(lab, 'one', buildSigned)
    const repository = (signedBy: string, key: string) =>
      yumRepository({
        id: 'signed',
        baseurl: [`file:///srv/by-${signedBy}`],
        gpgkey: [`file:///srv/${key}.asc`],
      })
    const tool = packages({ names: ['tool'], disableRepo: ['*'], enableRepo: ['signed'] })
    for (const [signedBy, key] of [
      ['nobody', 'first'],
      ['second', 'first'],
    ] as const) {
      const { error } = await ensure(t, lab, [repository(signedBy, key), tool])
      const stderr = signedBy === 'nobody' ? /is not signed/ : /GPG check FAILED/
      t.match(error, { code: 'TASK_FAILED', task: 'packages tool', stderr }, `by ${signedBy}`)
      t.equal(await on(lab, 'one', 'rpm -q tool || :'), 'package tool is not installed')
    }
    const right = [repository('first', 'first'), tool]
    t.match(await ensure(t, lab, right), { error: undefined, statuses: ['changed', 'changed'] })
    t.equal(await on(lab, 'one', 'rpm -q tool'), 'tool-1-1.noarch')
    t.same((await ensure(t, lab, right)).statuses, ['ok', 'ok'])
  })
})
