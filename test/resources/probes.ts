import t from 'tap'
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { HostwrightError } from '../../lib/core/errors.js'
import { secret } from '../../lib/core/secret.js'
import {
  account,
  content,
  groupEntry,
  hostKeys,
  identity,
  packageCandidate,
  packageFile,
  packageSet,
  packageState,
  packageUpdates,
  sha256,
  shell,
  stat,
  system,
  tcp,
  unitState,
} from '../../lib/resources/probes/index.js'
import type { Query } from '../../lib/resources/types.js'
import { askHere } from '../fixtures/ask.js'
import { tempFolder } from '../fixtures/run.js'

interface Case {
  readonly name: string
  readonly ask: readonly Query[]
  readonly said: string
  readonly answers: unknown
}

/** What hosts say, and what it means. */
const cases: readonly Case[] = [
  {
    name: 'stat() reads types, special bits and an owner without a name',
    ask: ['/usr/bin/passwd', '/tmp', '/run/pipe', '/gone'].map((path) => stat(path)),
    said: [
      '=89ed\t0\t0\t68248\troot\troot\t"/usr/bin/passwd"',
      '=43ff\t0\t1234\t4096\troot\tUNKNOWN\t"/tmp"',
      '=11a4\t0\t0\t0\troot\troot\t"/run/pipe"',
      "stat: cannot statx '/gone': No such file or directory",
      '',
    ].join('\n'),
    answers: [
      { type: 'file', mode: '4755', owner: 'root', group: 'root', uid: 0, gid: 0, size: 68248 },
      {
        type: 'directory',
        mode: '1777',
        owner: 'root',
        group: '1234',
        uid: 0,
        gid: 1234,
        size: 4096,
      },
      { type: 'other', mode: '0644', owner: 'root', group: 'root', uid: 0, gid: 0, size: 0 },
      { type: 'absent' },
    ],
  },
  {
    name: 'stat() reads where a symlink points to, in whatever bytes',
    ask: [stat('/a "b\n')],
    said: '=a1ff\t0\t0\t3\troot\troot\t"/a \\"b\\n" -> "\\303\\274 \\" -> \\t\\\\"\n\n',
    answers: [
      {
        type: 'symlink',
        mode: '0777',
        owner: 'root',
        group: 'root',
        uid: 0,
        gid: 0,
        size: 3,
        target: 'ü " -> \t\\',
      },
    ],
  },
  {
    name: 'packageState() tells installed, removed, half installed, architectures and versions apart',
    ask: ['bash', 'gone', 'old', 'torn', 'libc6:i386', 'bash=5.1', 'held', 'tdata', 'pending'].map(
      (name) => packageState(name),
    ),
    said: [
      'apt',
      'ii \tbash\tamd64\t5.2.15-2+b8',
      'rc \told\tamd64\t1.0',
      'iHR\ttorn\tamd64\t2.0',
      'ii \tlibc6\tamd64\t2.36-9',
      'hi \theld\tall\t7',
      'iU \ttdata\tall\t2024a',
      'it \tpending\tall\t1',
      '',
    ].join('\n'),
    answers: [
      { manager: 'apt', installed: '5.2.15-2+b8', broken: false },
      { manager: 'apt', installed: null, broken: false },
      { manager: 'apt', installed: null, broken: false },
      { manager: 'apt', installed: '2.0', broken: true },
      { manager: 'apt', installed: null, broken: false },
      { manager: 'apt', installed: '5.2.15-2+b8', broken: false },
      { manager: 'apt', installed: '7', broken: false },
      { manager: 'apt', installed: '2024a', broken: true },
      { manager: 'apt', installed: '1', broken: false },
    ],
  },
  {
    name: 'packageState() finds what provides a name',
    ask: ['awk', 'mta'].map((name) => packageState(name)),
    said: 'apt\nun \tawk\t\t\nprovides\trc \texim4\tmta\nprovides\tii \tmawk\tawk, thing (= 2)\nprovides\tii \tbash\t\n',
    answers: [
      { manager: 'apt', installed: '', broken: false, providedBy: 'mawk' },
      { manager: 'apt', installed: null, broken: false },
    ],
  },
  {
    name: 'packageState() reads rpm',
    ask: ['rsync', 'lsyncd'].map((name) => packageState(name)),
    said: 'dnf\nii \trsync\tx86_64\t3.2.3-19.el9\npackage lsyncd is not installed\n',
    answers: [
      { manager: 'dnf', installed: '3.2.3-19.el9', broken: false },
      { manager: 'dnf', installed: null, broken: false },
    ],
  },
  {
    name: 'packageState() reads rpm: an architecture, and what provides a name',
    ask: ['glibc.i686', 'webserver', 'gone'].map((name) => packageState(name)),
    said: 'dnf\nii \tglibc\tx86_64\t2.34-100.el9\nii \tglibc\ti686\t2.34-99.el9\npackage webserver is not installed\nof\twebserver\tnginx\t1:1.20.1-14.el9\nno package provides gone\n',
    answers: [
      { manager: 'dnf', installed: '2.34-99.el9', broken: false },
      { manager: 'dnf', installed: '1:1.20.1-14.el9', broken: false, providedBy: 'nginx' },
      { manager: 'dnf', installed: null, broken: false },
    ],
  },
  {
    name: 'packageFile() reads apt: no file, no package, not installed, half installed, removed',
    ask: ['/gone', '/text', '/a.deb', '/torn.deb', '/old.deb'].map((path) => packageFile(path)),
    said: 'apt\n=\n=\nfile\t\n=\nfile\ta\t1:2\tall\n=\nfile\ttorn\t2\tamd64\niU \t2\n=\nfile\told\t2\tall\nrc \t1\n',
    answers: [
      null,
      { manager: 'apt', name: null, version: null, installed: null, broken: false },
      { manager: 'apt', name: 'a', version: '1:2', installed: null, broken: false },
      { manager: 'apt', name: 'torn', version: '2', installed: '2', broken: true },
      { manager: 'apt', name: 'old', version: '2', installed: null, broken: false },
    ],
  },
  {
    name: 'packageFile() reads rpm: of several versions, that of the file',
    ask: [packageFile('/kernel.rpm'), packageFile('/a.rpm')],
    said: 'dnf\n=\nfile\tkernel\t5-2\tx86_64\nii \t5-1\nii \t5-2\n=\nfile\ta\t2-1\tnoarch\nii \t1-1\n',
    answers: [
      { manager: 'dnf', name: 'kernel', version: '5-2', installed: '5-2', broken: false },
      { manager: 'dnf', name: 'a', version: '2-1', installed: '1-1', broken: false },
    ],
  },
  {
    name: 'packageFile() says where there is no manager that it knows',
    ask: [packageFile('/a.rpm')],
    said: 'none\n=\nfile\t\n',
    answers: [{ manager: null, name: null, version: null, installed: null, broken: false }],
  },
  {
    name: 'packageSet() reads groups by name and id, and modules',
    ask: [
      '@Development Tools',
      '@core',
      '@headless',
      '@mariadb:10.11',
      '@php:8.2/devel',
      '@ruby:3',
    ].map((name) => packageSet(name)),
    said: 'dnf\n[mariadb]\nname=mariadb\nstream=10.11\nprofiles=server, client\nstate=enabled\n\n[php]\nname=php\nstream=\nprofiles=\nstate=disabled\n[groups]\nLoaded plugins: x\nInstalled Groups:\n   Development Tools (development)\n   Core (core)\nAvailable Groups:\n   Headless Management (headless)\n',
    answers: [
      { manager: 'dnf', installed: 'yes', profiles: [] },
      { manager: 'dnf', installed: 'yes', profiles: [] },
      { manager: 'dnf', installed: null, profiles: [] },
      { manager: 'dnf', installed: '10.11', profiles: ['server', 'client'] },
      { manager: 'dnf', installed: null, profiles: [] },
      { manager: 'dnf', installed: null, profiles: [] },
    ],
  },
  {
    name: 'packageUpdates() reads dnf',
    ask: [packageUpdates(''), packageUpdates(" --enablerepo='crb'")],
    said: 'dnf\n=\nnew\ta\t2-1.el9\nnow\ta\t1-1.el9\n=\nerror\tCannot download repomd.xml \n',
    answers: [
      { manager: 'dnf', updates: [{ name: 'a', from: '1-1.el9', to: '2-1.el9' }] },
      { manager: 'dnf', updates: [], error: 'Cannot download repomd.xml' },
    ],
  },
  {
    name: 'packageUpdates() reads apt: what comes, changes and goes',
    ask: [packageUpdates('')],
    said: 'apt\n=\nRemv old [1.0-1]\nInst libc6 [2.36-9] (2.36-10 Debian:12.9/stable [amd64]) []\nInst new (1:1.0 Debian:12.9/stable [all])\n',
    answers: [
      {
        manager: 'apt',
        updates: [
          { name: 'old', from: '1.0-1', to: null },
          { name: 'libc6', from: '2.36-9', to: '2.36-10' },
          { name: 'new', from: null, to: '1:1.0' },
        ],
      },
    ],
  },
  {
    name: 'packageCandidate() reads what dnf has newer, and why it has nothing',
    ask: ['a', 'b'].map((name) => packageCandidate(name)),
    said: 'new\t\ta\t2-1.el9\n',
    answers: ['2-1.el9', null],
  },
  {
    name: 'packageState() says that there is no manager',
    ask: [packageState('bash')],
    said: 'none\n',
    answers: [{ manager: null, installed: null, broken: false }],
  },
  {
    name: 'packageCandidate() reads apt-cache policy',
    ask: ['bash', 'virtual', 'gone'].map((name) => packageCandidate(name)),
    said: 'bash:\n  Installed: 5.2.15-2+b8\n  Candidate: 5.2.15-2+b13\n  Version table:\n *** 5.2.15-2+b8 100\nvirtual:\n  Installed: (none)\n  Candidate: (none)\n',
    answers: ['5.2.15-2+b13', null, null],
  },
  {
    name: 'unitState() reads units in the order they were asked for, under whatever name',
    ask: ['mysql.service', 'gone.service', 'old.service', 'older.service'].map((name) =>
      unitState(name),
    ),
    said: [
      'LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nNeedDaemonReload=yes\n',
      'LoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\nNeedDaemonReload=no\n',
      'LoadState=loaded\nActiveState=active\nSubState=exited\nUnitFileState=generated\nNeedDaemonReload=no\n',
      'LoadState=loaded\nActiveState=active\nSubState=exited\nUnitFileState=generated\nNeedDaemonReload=no\n',
      '\nSysV=old\n\nSysV=old',
    ].join('\n'),
    answers: [
      {
        loadState: 'loaded',
        activeState: 'active',
        subState: 'running',
        unitFileState: 'enabled',
        needDaemonReload: true,
      },
      {
        loadState: 'not-found',
        activeState: 'inactive',
        subState: 'dead',
        unitFileState: '',
        needDaemonReload: false,
      },
      {
        loadState: 'loaded',
        activeState: 'active',
        subState: 'exited',
        unitFileState: 'enabled',
        needDaemonReload: false,
      },
      {
        loadState: 'loaded',
        activeState: 'active',
        subState: 'exited',
        unitFileState: 'disabled',
        needDaemonReload: false,
      },
    ],
  },
  {
    name: 'unitState() is null without systemd',
    ask: [unitState('a.service')],
    said: '',
    answers: [null],
  },
  {
    name: 'account() puts user, password and groups together',
    ask: ['deploy', 'gone', 'bare'].map((name) => account(name)),
    said: [
      'deploy:x:1001:1001:De Ploy,,,:/home/deploy:/bin/bash',
      'bare:x:1002:4242::/:/bin/sh',
      '',
      'deploy:$6$salt$hashhash:19000:0:99999:7:::',
      '',
      'deploy:x:1001:deploy',
      'www-data:x:33:deploy,bare',
      'adm:x:4:deploy',
      'deployers:x:5:deploy2',
      '',
    ].join('\n'),
    answers: [
      {
        uid: 1001,
        gid: 1001,
        group: 'deploy',
        groups: ['adm', 'www-data'],
        comment: 'De Ploy,,,',
        home: '/home/deploy',
        shell: '/bin/bash',
        passwordHash: secret('$6$salt$hashhash'),
      },
      null,
      {
        uid: 1002,
        gid: 4242,
        group: '4242',
        groups: ['www-data'],
        comment: '',
        home: '/',
        shell: '/bin/sh',
      },
    ],
  },
  {
    name: 'account() has no hash where shadow may not be read',
    ask: [account('a')],
    said: 'a:x:1:1:::\n\n\na:x:1:\n',
    answers: [{ uid: 1, gid: 1, group: 'a', groups: [], comment: '', home: '', shell: '' }],
  },
  {
    name: 'groupEntry() reads members',
    ask: ['a', 'b', 'c'].map((name) => groupEntry(name)),
    said: 'a:x:12:\nb:x:13:u,v\n',
    answers: [{ gid: 12, members: [] }, { gid: 13, members: ['u', 'v'] }, null],
  },
  {
    name: 'identity() reads a user without a name',
    ask: [identity()],
    said: 'uid=1234 gid=5678 groups=5678\n',
    answers: [{ user: '1234', group: '5678' }],
  },
  {
    name: 'system() reads an EL9 host with an address on two families',
    ask: [system()],
    said: [
      'id=almalinux\nlike=rhel centos fedora\nversion=9.4\ncodename=\nmanager=dnf\ninit=systemd',
      'kernel=5.14.0\narchitecture=x86_64\nhostname=c1\nfqdn=c1.example\nmemory=2048\nprocessors=4\nselinux=1 targeted\nvirtualization=kvm',
      'links=[{"ifname":"lo","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"}]},{"ifname":"eth0","addr_info":[{"family":"inet6","local":"2001:db8::5","prefixlen":64,"scope":"global"},{"family":"inet","local":"192.0.2.5","prefixlen":24,"scope":"global"}]},{"ifname":"br0","addr_info":[{"family":"inet","local":"198.51.100.1","prefixlen":24,"scope":"global"}]}]',
      'routes=[{"dst":"default","gateway":"198.51.100.254","dev":"br0"}]\n[]',
      '',
    ].join('\n'),
    answers: [
      {
        family: 'redhat',
        distribution: 'almalinux',
        version: '9.4',
        codename: '',
        architecture: 'x86_64',
        kernel: '5.14.0',
        hostname: 'c1',
        fqdn: 'c1.example',
        packageManager: 'dnf',
        serviceManager: 'systemd',
        addresses: [
          { interface: 'eth0', address: '2001:db8::5', family: 'ipv6', prefix: 64 },
          { interface: 'eth0', address: '192.0.2.5', family: 'ipv4', prefix: 24 },
          { interface: 'br0', address: '198.51.100.1', family: 'ipv4', prefix: 24 },
        ],
        defaultAddress: '198.51.100.1',
        memoryBytes: 2_097_152,
        processors: 4,
        selinux: { status: 'enabled', mode: 'enforcing', policy: 'targeted' },
        virtualization: 'kvm',
      },
    ],
  },
]

function hashes(list: unknown): readonly (string | undefined)[] {
  return (list as { passwordHash?: { reveal(): string } }[]).map((one) =>
    one?.passwordHash?.reveal(),
  )
}

for (const { name, ask, said, answers } of cases)
  t.test(name, async (t) => {
    const keys = ask.map(({ key }) => key as never)
    const found = ask[0]!.kind.parse(Buffer.from(said), keys)
    t.same(found, answers)
    // Secrets hide themselves from a comparison; what they hold is compared apart.
    t.same(hashes(found), hashes(answers))
  })

t.test('stat() refuses a path that may not be looked at', async (t) => {
  const { kind, key } = stat('/root/x')
  const said = Buffer.from("stat: cannot statx '/root/x': Permission denied\n")
  t.throws(() => kind.parse(said, [key as never]), {
    code: 'TASK_FAILED',
    message: 'Cannot look at "/root/x": permission denied',
  })
})

t.test('content() and shell() refuse an answer that is cut short', async (t) => {
  for (const [query, said] of [
    [content('/a'), '1\nboot\ncut'],
    [content('/a'), ''],
    [shell('true'), 'mark\n'],
    [shell('true'), ''],
  ] as const)
    t.throws(() => query.kind.parse(Buffer.from(said), [query.key as never]), HostwrightError)
})

t.test('paths of any bytes are answered on this machine', async (t) => {
  const folder = await tempFolder(t)
  const odd = ['a b\'"\n\\ü\t$x*', '-n', ' ', '\n', '$(touch evil)', '`x`', 'ends in newline\n']
  const files = odd.map((name) => join(folder, name))
  const bytes = Buffer.from([0, 10, 13, 255, 10])
  for (const file of files) writeFileSync(file, bytes)
  const links = files.map((_, at) => join(folder, `link${at}`))
  for (const [at, link] of links.entries()) symlinkSync(odd[at]!, link)
  const others = [join(folder, 'gone'), join(files[0]!, 'under a file'), folder]
  t.same(
    askHere([...files, ...links, ...others].map((path) => stat(path))).map((one) =>
      one.type === 'symlink' ? one.target : one.type,
    ),
    [...files.map(() => 'file'), ...odd, 'absent', 'absent', 'directory'],
  )
  t.same(askHere([...files, ...links, ...others].map((path) => content(path))), [
    ...files.map(() => bytes),
    ...files.map(() => bytes),
    null,
    null,
    null,
  ])
  const sum = createHash('sha256').update(bytes).digest('hex')
  t.same(askHere([...files, ...links, ...others].map((path) => sha256(path))), [
    ...files.map(() => sum),
    ...files.map(() => sum),
    null,
    null,
    null,
  ])
})

t.test('a thousand paths are answered in order, in few processes', async (t) => {
  const folder = await tempFolder(t)
  for (let at = 0; at < 1000; at += 2) writeFileSync(join(folder, `f${at}`), `${at}`)
  const paths = Array.from({ length: 1000 }, (_, at) => join(folder, `f${at}`))
  const expected = paths.map((_, at) => (at % 2 === 0 ? `${at}` : undefined))
  t.same(
    askHere(paths.map((path) => content(path))).map((bytes) => bytes?.toString()),
    expected,
  )
  t.same(
    askHere(paths.map((path) => stat(path))).map((one) =>
      one.type === 'file' ? one.size : undefined,
    ),
    expected.map((text) => text?.length),
  )
  t.equal(askHere(paths.map((path) => sha256(path))).filter(Boolean).length, 500)
})

t.test('content() and sha256() do not wait for a pipe', { timeout: 20_000 }, async (t) => {
  const pipe = join(await tempFolder(t), 'pipe')
  execFileSync('mkfifo', [pipe])
  t.same(askHere([content(pipe)]), [null])
  t.same(askHere([sha256(pipe)]), [null])
})

t.test('content() reads what has no size, as in /proc', async (t) => {
  const [version] = askHere([content('/proc/version')])
  t.match(version?.toString(), /^Linux/)
})

t.test('shell() keeps streams, exit status and neighbours apart', async (t) => {
  const scripts = [
    'printf "a\\n\\n"; echo err >&2; exit 7',
    'if (',
    'cat',
    'exec 3>&- 2>/dev/null; echo "no newline" | tr -d "\\n"',
    'cat /proc/sys/kernel/random/boot_id >/dev/null; true',
  ]
  const answers = askHere(scripts.map((script) => shell(script)))
  t.same(answers[0], { exitCode: 7, stdout: 'a\n\n', stderr: 'err' })
  t.not(answers[1]?.exitCode, 0)
  t.same(answers[2], { exitCode: 0, stdout: '', stderr: '' })
  t.equal(answers[3]?.stdout, 'no newline')
  t.same(answers[4], { exitCode: 0, stdout: '', stderr: '' })
})

t.test('tcp() tells open from closed, here and by connecting', async (t) => {
  const server = createServer((socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const host = '127.0.0.1'
  t.same(askHere([tcp({ port }), tcp({ port: 1 })]), ['open', 'closed'])
  // The server lives in this process, so the probe must not block it.
  const { kind } = tcp({ port, host })
  const keys = [
    { port, host },
    { port: 1, host },
  ] as never[]
  const child = spawn('sh', ['-c', kind.script(keys)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(child, 'close')
  t.same(kind.parse(Buffer.concat(chunks), keys), ['open', 'closed'])
})

t.test('this machine says who and what it is', async (t) => {
  t.match(askHere([identity()]), [{ user: execFileSync('id', ['-un']).toString().trim() }])
  const [facts] = askHere([system()])
  t.match(facts, {
    architecture: execFileSync('uname', ['-m']).toString().trim(),
    hostname: execFileSync('uname', ['-n']).toString().trim(),
    processors: Number(execFileSync('nproc').toString()),
  })
  t.ok(facts!.memoryBytes > 100_000_000)
  t.match(askHere([account('root'), account('no-such-user')]), [{ uid: 0, home: '/root' }, null])
  t.match(askHere([groupEntry('root'), groupEntry('no-such-group')]), [{ gid: 0 }, null])
  for (const { type, key } of askHere([hostKeys()])[0]!) t.match(`${type} ${key}`, /^\S+ AAAA\S+$/)
})

t.test('probes write nothing', async (t) => {
  const folder = await tempFolder(t)
  mkdirSync(join(folder, 'sub'))
  writeFileSync(join(folder, 'sub/f'), 'x')
  chmodSync(join(folder, 'sub'), 0o555)
  const look = () => execFileSync('find', [folder, '-printf', '%p %m %s %T@ %C@\n']).toString()
  const before = look()
  const path = join(folder, 'sub/f')
  const queries: readonly Query[] = [stat(path), content(path), sha256(path), shell('true')]
  for (const query of queries) askHere([query])
  t.equal(look(), before)
})
