import t from 'tap'
import { HostwrightError } from '../../lib/core/errors.js'
import { secret } from '../../lib/core/secret.js'
import {
  authorizedKey,
  blockInFile,
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
  symlink,
  user,
  waitForPort,
} from '../../lib/resources/index.js'
import {
  account,
  content,
  groupEntry,
  identity,
  packageCandidate,
  packageFile as packageFileState,
  packageSet,
  packageState,
  packageUpdates,
  sha256,
  shell,
  stat,
  tcp,
  unitState,
  type Account,
  type Entry,
  type PackageFileState,
  type UnitState,
} from '../../lib/resources/probes/index.js'
import { sum } from '../../lib/resources/paths.js'
import { Unknown, type Query, type Resource } from '../../lib/resources/types.js'
import { planOf, type Given } from '../fixtures/ask.js'

interface Case {
  readonly name: string
  readonly resource: Resource<unknown>
  readonly given: Given
  /** `property: from → to`. */
  readonly changes?: readonly string[]
  /** What the steps' scripts hold, in order; none where nothing is to be done. */
  readonly steps?: readonly RegExp[]
  readonly skipped?: string
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: RegExp }
}

const root = { owner: 'root', group: 'root', uid: 0, gid: 0 }
const aFile: Entry = { type: 'file', mode: '0644', size: 3, ...root }
const aFolder: Entry = { type: 'directory', mode: '0755', size: 4096, ...root }
const absent = { type: 'absent' } as const
const asRoot = [identity(), { user: 'root', group: 'root' }] as const

/** A host with `/etc` and a file `/etc/f` of that content in it; null for none. */
function etc(text: string | Buffer | null, entry: Entry = aFile, path = '/etc/f'): Given {
  const bytes = text === null ? null : Buffer.from(text)
  return [
    asRoot,
    [stat('/etc'), aFolder],
    [stat(path), bytes === null ? absent : { ...entry, size: bytes.length }],
    [sha256(path), bytes === null ? null : sum(bytes)],
    [content(path), bytes],
  ]
}

function packaged(
  states: Readonly<Record<string, string | null>>,
  manager: 'apt' | 'dnf' = 'apt',
): Given {
  return Object.entries(states).map(([name, installed]) => [
    packageState(name),
    { manager, installed, broken: installed === 'torn' },
  ])
}

/** A host with a file of version 2 of the package `a`. */
function packageAt(path: string, state: Partial<PackageFileState> = {}): Given {
  const manager = path.endsWith('.deb') ? 'apt' : 'dnf'
  const usual = { manager, name: 'a', version: '2', installed: null, broken: false }
  return [[packageFileState(path), { ...usual, ...state }]]
}

const toFetch = { url: 'https://example.com/a.deb', path: '/srv/a.deb', sha256: '0a'.repeat(32) }

function unit(name: string, state: Partial<UnitState>): Given {
  const usual = {
    loadState: 'loaded',
    activeState: 'active',
    subState: 'running',
    unitFileState: 'enabled',
    needDaemonReload: false,
  }
  return [[unitState(name), { ...usual, ...state }]]
}

const deploy: Account = {
  uid: 1001,
  gid: 1001,
  group: 'deploy',
  groups: ['adm', 'www'],
  comment: '',
  home: '/home/deploy',
  shell: '/bin/sh',
  passwordHash: secret('$6$old$oldhash'),
}
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAA'
const keys = '/home/deploy/.ssh/authorized_keys'

/** A host where deploy has that authorized_keys; undefined for no .ssh at all. */
function authorized(text: string | undefined): Given {
  return [
    asRoot,
    [account('deploy'), deploy],
    [stat('/home'), aFolder],
    [stat('/home/deploy'), aFolder],
    [stat('/home/deploy/.ssh'), text === undefined ? absent : aFolder],
    [stat(keys), text === undefined ? absent : aFile],
    [content(keys), text === undefined ? null : Buffer.from(text)],
  ]
}

const cases: readonly Case[] = [
  {
    name: 'packages() does nothing when all are installed',
    resource: packages({ names: ['a', 'b'] }),
    given: packaged({ a: '1', b: '2' }),
  },
  {
    name: 'packages() installs what is missing or half installed, in one step',
    resource: packages({ names: ['a', 'b', 'c'] }),
    given: packaged({ a: '1', b: null, c: 'torn' }),
    changes: ['b: absent → present', 'c: torn (half installed) → present'],
    steps: [/set -- 'b' 'c'/],
  },
  {
    name: 'packages() installs a version, without what is only recommended',
    resource: packages({ names: ['a=2', 'b=1'], installRecommends: false }),
    given: packaged({ 'a=2': '1', 'b=1': '1' }),
    changes: ['a=2: 1 → 2'],
    steps: [/get --no-install-recommends install -- "\$@"/],
  },
  {
    name: 'packages() updates to the newest version known',
    resource: packages({ names: ['a', 'b'], state: 'latest' }),
    given: [
      ...packaged({ a: '1', b: '1' }),
      [packageCandidate('a'), '1'],
      [packageCandidate('b'), '2'],
    ],
    changes: ['b: 1 → 2'],
    steps: [/set -- 'b'/],
  },
  {
    name: 'packages() removes',
    resource: packages({ names: ['a', 'b'], state: 'absent' }),
    given: packaged({ a: '1', b: null }),
    changes: ['a: 1 → absent'],
    steps: [/get remove -- 'a'/],
  },
  {
    name: 'packages() uses dnf where the host does',
    resource: packages({ names: ['a'], installRecommends: false }),
    given: packaged({ a: null }, 'dnf'),
    changes: ['a: absent → present'],
    steps: [/^dnf -q -y --setopt=install_weak_deps=False --best install -- 'a' <\/dev\/null$/],
  },
  {
    name: 'packages() enables a stream first, and installs groups, profiles and packages at once',
    resource: packages({
      names: ['@Development Tools', '@m:1', '@n:2/server', 'a=1'],
      enableRepo: ['crb'],
      disableRepo: ['*'],
    }),
    given: [
      ...packaged({ 'a=1': null }, 'dnf'),
      [packageSet('@Development Tools'), { manager: 'dnf', installed: null, profiles: [] }],
      [packageSet('@m:1'), { manager: 'dnf', installed: null, profiles: [] }],
      [packageSet('@n:2/server'), { manager: 'dnf', installed: '2', profiles: ['client'] }],
    ],
    changes: [
      '@Development Tools: absent → present',
      '@m:1: absent → enabled',
      '@n:2/server: 2 → server',
      'a=1: absent → 1',
    ],
    steps: [
      /^dnf -q -y --disablerepo='\*' --enablerepo='crb' module enable -- 'm:1' <\/dev\/null && dnf -q -y .* --best install -- '@Development Tools' '@n:2\/server' 'a-1' <\/dev\/null$/,
    ],
  },
  {
    name: 'packages() takes a version of dnf with and without epoch and release',
    resource: packages({ names: ['a=1.2', 'b=1.2-3.el9', 'c=1:1.2-3.el9', 'd=1'] }),
    given: packaged(
      {
        'a=1.2': '1:1.2-3.el9',
        'b=1.2-3.el9': '1:1.2-3.el9',
        'c=1:1.2-3.el9': '1:1.2-3.el9',
        'd=1': '1.2-3.el9',
      },
      'dnf',
    ),
    changes: ['d=1: 1.2-3.el9 → 1'],
    steps: [/install -- 'd-1'/],
  },
  {
    name: 'packages() does not switch the stream of a module',
    resource: packages({ names: ['@m:2'] }),
    given: [[packageSet('@m:2'), { manager: 'dnf', installed: '1', profiles: [] }]],
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot enable module "m:2": its stream "1" is enabled',
    },
  },
  {
    name: 'packages() gives up a group and a stream',
    resource: packages({ names: ['@g', '@m:1'], state: 'absent' }),
    given: [
      [packageSet('@g'), { manager: 'dnf', installed: 'yes', profiles: [] }],
      [packageSet('@m:1'), { manager: 'dnf', installed: '1', profiles: [] }],
    ],
    changes: ['@g: yes → absent', '@m:1: 1 → absent'],
    steps: [/remove -- '@g' <\/dev\/null && dnf -q -y module reset -- 'm' /],
  },
  {
    name: 'packages() tells all that an update would change, with dnf',
    resource: packages({ names: ['*'], state: 'latest' }),
    given: [
      [
        packageUpdates(''),
        {
          manager: 'dnf',
          updates: [
            { name: 'a', from: '1', to: '2' },
            { name: 'new', from: null, to: '1' },
          ],
        },
      ],
    ],
    changes: ['a: 1 → 2', 'new: absent → 1'],
    steps: [/^dnf -q -y --refresh upgrade <\/dev\/null$/],
  },
  {
    name: 'packages() tells all that an update would change, with apt',
    resource: packages({ names: ['*'], state: 'latest' }),
    given: [
      [packageUpdates(''), { manager: 'apt', updates: [{ name: 'old', from: '1', to: null }] }],
    ],
    changes: ['old: 1 → absent'],
    steps: [/update <\/dev\/null \|\| exit 1\nget dist-upgrade$/],
  },
  {
    name: 'packages() fails where the newest version can not be told',
    resource: packages({ names: ['a'], state: 'latest' }),
    given: [...packaged({ a: '1' }, 'dnf'), [packageCandidate('a'), { error: 'no route' }]],
    error: {
      code: 'TASK_FAILED',
      message: `Cannot tell the newest version of "a": the host's package manager fails`,
    },
  },
  {
    name: 'packages() refuses with apt what only dnf has: repositories by id',
    resource: packages({ names: ['a'], enableRepo: ['crb'] }),
    given: packaged({ a: '1' }),
    error: {
      code: 'UNSUPPORTED',
      message: 'Cannot choose repositories: the host has apt, which has no ids for them',
    },
  },
  {
    name: 'packages() refuses with apt what only dnf has: groups',
    resource: packages({ names: ['@g'] }),
    given: [[packageSet('@g'), { manager: 'apt', installed: null, profiles: [] }]],
    error: {
      code: 'UNSUPPORTED',
      message: 'Cannot install "@g": apt has neither groups nor modules',
    },
  },
  {
    name: 'packages() refuses with dnf what only apt has',
    resource: packages({ names: ['a:amd64'] }),
    given: packaged({ 'a:amd64': null }, 'dnf'),
    error: {
      code: 'UNSUPPORTED',
      message: 'Cannot install "a:amd64": dnf takes no architecture behind a colon',
    },
  },
  {
    name: 'packages() refuses a host without a manager that it knows',
    resource: packages({ names: ['a'] }),
    given: [[packageState('a'), { manager: null, installed: null, broken: false }]],
    error: {
      code: 'UNSUPPORTED',
      message: 'Cannot install packages: the host has neither apt nor dnf',
    },
  },
  {
    name: 'packageFile() does nothing when the version of the file is installed',
    resource: packageFile({ path: '/srv/a.deb' }),
    given: packageAt('/srv/a.deb', { installed: '2' }),
  },
  {
    name: 'packageFile() installs the file with apt, be it newer or older',
    resource: packageFile({ path: '/srv//a.deb' }),
    given: packageAt('/srv/a.deb', { installed: '3' }),
    changes: ['a: 3 → 2'],
    steps: [/set -- '\/srv\/a\.deb'\n[^]*get --allow-downgrades install -- "\$@"/],
  },
  {
    name: 'packageFile() installs the file with dnf',
    resource: packageFile({ path: '/srv/a.rpm' }),
    given: packageAt('/srv/a.rpm'),
    changes: ['a: absent → 2'],
    steps: [/^dnf -q -y --best install -- '\/srv\/a\.rpm' <\/dev\/null$/],
  },
  {
    name: 'packageFile() installs again what is half installed',
    resource: packageFile({ path: '/srv/a.deb' }),
    given: packageAt('/srv/a.deb', { installed: '2', broken: true }),
    changes: ['a: 2 (half installed) → 2'],
    steps: [/repair \|\| exit 1/],
  },
  {
    name: 'packageFile() refuses where no file is',
    resource: packageFile({ path: '/srv/a.deb' }),
    given: [[packageFileState('/srv/a.deb'), null]],
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot install "/srv/a.deb": there is no such file',
      hint: /download/,
    },
  },
  {
    name: 'packageFile() refuses what is not a package',
    resource: packageFile({ path: '/srv/a.deb' }),
    given: packageAt('/srv/a.deb', { name: null, version: null }),
    error: { code: 'TASK_FAILED', message: 'Cannot install "/srv/a.deb": it is not a package' },
  },
  {
    name: "packageFile() refuses the other family's format",
    resource: packageFile({ path: '/srv/a.deb' }),
    given: packageAt('/srv/a.deb', { manager: 'dnf', name: null, version: null }),
    error: {
      code: 'UNSUPPORTED',
      message: 'Cannot install "/srv/a.deb": the host takes files of format rpm',
    },
  },
  {
    name: 'packageFile() refuses a host without a manager that it knows',
    resource: packageFile({ path: '/srv/a.rpm' }),
    given: packageAt('/srv/a.rpm', { manager: null, name: null, version: null }),
    error: {
      code: 'UNSUPPORTED',
      message: 'Cannot install "/srv/a.rpm": the host has neither apt nor dnf',
    },
  },
  {
    name: 'download() does nothing where the file is the one wished',
    resource: download({ ...toFetch, sha256: toFetch.sha256.toUpperCase() }),
    given: [[sha256('/srv/a.deb'), toFetch.sha256]],
  },
  {
    name: 'download() fetches a file, which counts only if its sum is right',
    resource: download(toFetch),
    given: [[sha256('/srv/a.deb'), null]],
    changes: ['state: absent → https://example.com/a.deb'],
    steps: [
      /url = "https:\/\/example\.com\/a\.deb"[^]* --speed-time 60 [^]*= '(?:0a){32} {2}-' \] \|\| exit[^]*mv -fT/,
    ],
  },
  {
    name: 'download() fetches another file',
    resource: download(toFetch),
    given: [[sha256('/srv/a.deb'), '0b']],
    changes: [`sha256: 0b → ${toFetch.sha256}`],
    steps: [/mv -fT new '\/srv\/a\.deb'$/],
  },
  {
    name: 'service() does nothing when it runs and is enabled',
    resource: service({ name: 'a', enabled: true, state: 'started' }),
    given: unit('a.service', {}),
  },
  {
    name: 'service() enables and starts',
    resource: service({ name: 'a', enabled: true, state: 'started' }),
    given: unit('a.service', {
      activeState: 'failed',
      subState: 'failed',
      unitFileState: 'disabled',
    }),
    changes: ['enabled: no → yes', 'state: failed → started'],
    steps: [/systemctl enable -- 'a\.service' \|\| exit\nsystemctl start -- 'a\.service'/],
  },
  {
    name: 'service() starts what only waits to crash again',
    resource: service({ name: 'a', state: 'started' }),
    given: unit('a.service', { activeState: 'activating', subState: 'auto-restart' }),
    changes: ['state: activating → started'],
    steps: [/systemctl start/],
  },
  {
    name: 'service() reads changed unit files again before it restarts',
    resource: service({ name: 'a.socket', state: 'restarted' }),
    given: unit('a.socket', { needDaemonReload: true }),
    changes: ['unit files: changed on disk → loaded', 'state: active → restarted'],
    steps: [/daemon-reload \|\| exit\nsystemctl restart -- 'a\.socket'/],
  },
  {
    name: 'service() starts what is to be reloaded and does not run',
    resource: service({ name: 'a', state: 'reloaded' }),
    given: unit('a.service', { activeState: 'inactive', subState: 'dead' }),
    changes: ['state: inactive → reloaded'],
    steps: [/systemctl start -- /],
  },
  {
    name: 'service() stops and disables, and masks last',
    resource: service({ name: 'a', enabled: false, state: 'stopped', masked: true }),
    given: unit('a.service', {}),
    changes: ['enabled: yes → no', 'state: active → stopped', 'masked: no → yes'],
    steps: [/disable .*\n.*stop .*\n.*mask /],
  },
  {
    name: 'service() unmasks before it starts',
    resource: service({ name: 'a', masked: false, state: 'started' }),
    given: unit('a.service', {
      loadState: 'masked',
      unitFileState: 'masked',
      activeState: 'inactive',
      subState: 'dead',
    }),
    changes: ['masked: yes → no', 'state: inactive → started'],
    steps: [/unmask .*\n.*start /],
  },
  {
    name: 'service() leaves a static unit as it is',
    resource: service({ name: 'a', enabled: true }),
    given: unit('a.service', { unitFileState: 'static' }),
  },
  {
    name: 'service() takes a unit that does not exist for stopped and disabled',
    resource: service({ name: 'a', enabled: false, state: 'stopped' }),
    given: unit('a.service', {
      loadState: 'not-found',
      activeState: 'inactive',
      unitFileState: '',
    }),
  },
  {
    name: 'service() refuses to start what does not exist',
    resource: service({ name: 'a', state: 'started' }),
    given: unit('a.service', {
      loadState: 'not-found',
      activeState: 'inactive',
      unitFileState: '',
    }),
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot manage service "a": there is no unit "a.service"',
      hint: /package/,
    },
  },
  {
    name: 'service() refuses to start what is masked',
    resource: service({ name: 'a', state: 'started' }),
    given: unit('a.service', {
      loadState: 'masked',
      unitFileState: 'masked',
      activeState: 'inactive',
    }),
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot manage service "a": it is masked',
      hint: /masked: false/,
    },
  },
  {
    name: 'service() refuses a host without systemd',
    resource: service({ name: 'a', state: 'started' }),
    given: [[unitState('a.service'), null]],
    error: {
      code: 'UNSUPPORTED',
      message: 'Cannot manage service "a": systemd does not run on the host',
    },
  },
  {
    name: 'file() does nothing when content, mode and owner are right',
    resource: file({ path: '/etc/f', content: 'abc', mode: '644', owner: '0', group: 'root' }),
    given: etc('abc'),
  },
  {
    name: 'file() makes a new file with mode 0644',
    resource: file({ path: '/etc/f', content: 'abc' }),
    given: etc(null),
    changes: ['content: absent → 3 bytes'],
    steps: [/\nchmod -- 0644 "\$tmp"/],
  },
  {
    name: 'file() keeps the mode and owner that a file has',
    resource: file({ path: '/etc/f', content: 'new' }),
    given: etc('abcd', { ...aFile, mode: '2640', owner: 'app', group: 'adm' }),
    changes: ['content: 4 bytes → 3 bytes'],
    steps: [/chown -- 'app:adm' "\$tmp" && chmod -- 2640 "\$tmp"/],
  },
  {
    name: 'file() sets mode and owner without writing',
    resource: file({ path: '/etc/f', mode: '0600', owner: 'app' }),
    given: etc('abc'),
    changes: ['mode: 0644 → 0600', 'owner: root → app'],
    steps: [/^chown -h -- 'app:root' '\/etc\/f' && chmod -- 0600 '\/etc\/f'$/],
  },
  {
    name: 'file() gives a new file the group of a directory that hands it on',
    resource: file({ path: '/srv/f', content: 'a' }),
    given: [
      asRoot,
      [stat('/srv'), { ...aFolder, mode: '2775', group: 'www' }],
      [stat('/srv/f'), absent],
      [sha256('/srv/f'), null],
    ],
    changes: ['content: absent → 1 byte'],
    steps: [/\nchmod -- 0644/],
  },
  {
    name: 'file() replaces a symlink',
    resource: file({ path: '/etc/f', content: 'abc' }),
    given: etc('abc', { ...aFile, type: 'symlink', target: 'g' }),
    changes: ['type: symlink to g → file', 'content: absent → 3 bytes'],
    steps: [/mv -fT\$z -- "\$tmp" "\$path" && trap - EXIT$/],
  },
  {
    name: 'file() has systemd read a unit at once, and validates and backs up before it renames',
    resource: file({
      path: '/etc/systemd/system/a.service',
      content: 'x',
      validate: 'check %s',
      backup: true,
    }),
    given: [
      asRoot,
      [stat('/etc/systemd/system'), aFolder],
      ...etc('abc', aFile, '/etc/systemd/system/a.service'),
    ],
    changes: ['content: 3 bytes → 1 byte'],
    steps: [/\( check "\$tmp" \)[^]*cp -a -- "\$path"[^]*mv -fT[^]*daemon-reload/],
  },
  {
    name: 'file() removes',
    resource: file({ path: '/etc/f', state: 'absent' }),
    given: etc('abc'),
    changes: ['state: file → absent'],
    steps: [/^rm -f -- '\/etc\/f'$/],
  },
  {
    name: 'file() has nothing to remove',
    resource: file({ path: '/etc/f', state: 'absent' }),
    given: etc(null),
  },
  {
    name: 'file() refuses where the directory is missing',
    resource: file({ path: '/no/f', content: 'a' }),
    given: [asRoot, [stat('/no'), absent], [stat('/no/f'), absent], [sha256('/no/f'), null]],
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot write "/no/f": there is no directory "/no"',
      hint: /directory\(/,
    },
  },
  {
    name: 'file() refuses to write where a directory is',
    resource: file({ path: '/etc/f', content: 'a' }),
    given: etc('abc', { ...aFile, type: 'directory' }),
    error: { code: 'TASK_FAILED', message: 'Cannot write "/etc/f": it is not a file' },
  },
  {
    name: 'file() refuses to remove a directory',
    resource: file({ path: '/etc/f', state: 'absent' }),
    given: etc('abc', { ...aFile, type: 'directory' }),
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot remove "/etc/f": it is a directory',
      hint: /directory\(/,
    },
  },
  {
    name: 'file() refuses to set the mode of what does not exist',
    resource: file({ path: '/etc/f', mode: '0600' }),
    given: etc(null),
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot set mode and owner of "/etc/f": it does not exist',
    },
  },
  {
    name: 'file() says that it may not read',
    resource: file({ path: '/etc/f', content: 'x' }),
    given: [asRoot, [stat('/etc'), aFolder], [stat('/etc/f'), aFile], [sha256('/etc/f'), null]],
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot read "/etc/f": permission denied',
      hint: /become/,
    },
  },
  {
    name: 'directory() makes it with its parents',
    resource: directory({ path: '/srv/a/b/', mode: '0700' }),
    given: [asRoot, [stat('/srv/a/b'), absent], [stat('/srv/a'), absent], [stat('/srv'), aFolder]],
    changes: ['state: absent → directory'],
    steps: [/^umask 022 && mkdir -p -m 00700 -- '\/srv\/a\/b' && chmod -- 00700 '\/srv\/a\/b'$/],
  },
  {
    name: 'directory() gives what it makes to another owner',
    resource: directory({ path: '/srv/a', owner: 'app', mode: '0700' }),
    given: [asRoot, [stat('/srv/a'), absent], [stat('/srv'), aFolder]],
    changes: ['state: absent → directory'],
    steps: [/^umask 022 && mkdir -p -m 00700 -- '\/srv\/a' && chown -h -- 'app:root' .* && chmod/],
  },
  {
    name: 'directory() refuses to make a parent that it is not to make',
    resource: directory({ path: '/srv/a/b', parents: false }),
    given: [asRoot, [stat('/srv/a/b'), absent], [stat('/srv/a'), absent]],
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot write "/srv/a/b": there is no directory "/srv/a"',
    },
  },
  {
    name: 'directory() sets mode and owner through a symlink',
    resource: directory({ path: '/srv/a', mode: '0700' }),
    given: [
      asRoot,
      [stat('/srv'), aFolder],
      [stat('/srv/a'), { ...aFile, type: 'symlink', target: 'b' }],
      [stat('/srv/a/.'), aFolder],
    ],
    changes: ['mode: 0755 → 0700'],
    steps: [/'\/srv\/a\/\.'/],
  },
  {
    name: 'directory() removes all that is in it',
    resource: directory({ path: '/srv/a', state: 'absent' }),
    given: [[stat('/srv/a'), aFolder]],
    changes: ['state: directory → absent'],
    steps: [/^rm -rf --one-file-system -- '\/srv\/a'$/],
  },
  {
    name: 'directory() refuses where a file is',
    resource: directory({ path: '/etc/f' }),
    given: etc('abc'),
    error: { code: 'TASK_FAILED', message: 'Cannot make directory "/etc/f": there is a file' },
  },
  {
    name: 'symlink() does nothing when it points there',
    resource: symlink({ path: '/etc/f', target: '../x' }),
    given: etc('abc', { ...aFile, type: 'symlink', target: '../x' }),
  },
  {
    name: 'symlink() points elsewhere',
    resource: symlink({ path: '/etc/f', target: "it's" }),
    given: etc('abc', { ...aFile, type: 'symlink', target: '../x' }),
    changes: ["target: ../x → it's"],
    steps: [/ln -s -- 'it'\\''s' "\$tmp"/],
  },
  {
    name: 'symlink() refuses to replace a file unasked',
    resource: symlink({ path: '/etc/f', target: 'x' }),
    given: etc('abc'),
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot make symlink "/etc/f": there is a file',
      hint: /force/,
    },
  },
  {
    name: 'symlink() replaces a file by force',
    resource: symlink({ path: '/etc/f', target: 'x', force: true }),
    given: etc('abc'),
    changes: ['target: file → x'],
    steps: [/mv -fT/],
  },
  {
    name: 'symlink() refuses to replace a directory by force',
    resource: symlink({ path: '/etc/f', target: 'x', force: true }),
    given: etc('abc', { ...aFile, type: 'directory' }),
    error: { code: 'TASK_FAILED', message: 'Cannot make symlink "/etc/f": there is a directory' },
  },
  {
    name: 'command() runs',
    resource: command({ run: 'make', cwd: '/srv', env: { A: "it's", B: secret('hidden-value') } }),
    given: [],
    changes: ['command: not run → run'],
    steps: [/^cd -- '\/srv' \|\| exit\nexport A='it'\\''s'\nexport B='hidden-value'\nmake$/],
  },
  {
    name: 'command() is skipped where what it creates exists',
    resource: command({ run: 'make', creates: '/etc/f' }),
    given: etc('abc'),
    skipped: '/etc/f exists',
  },
  {
    name: 'command() is skipped where what it removes does not exist',
    resource: command({ run: 'make', removes: '/etc/f' }),
    given: etc(null),
    skipped: '/etc/f does not exist',
  },
  {
    name: 'command() is skipped by unless',
    resource: command({ run: 'make', unless: 'test -e x' }),
    given: [[shell('test -e x'), { exitCode: 0, stdout: '', stderr: '' }]],
    skipped: 'unless: test -e x',
  },
  {
    name: 'command() is skipped by onlyIf',
    resource: command({ run: 'make', onlyIf: 'test -e x', cwd: '/srv' }),
    given: [[shell("cd -- '/srv' || exit\ntest -e x"), { exitCode: 1, stdout: '', stderr: '' }]],
    skipped: 'not onlyIf: test -e x',
  },
  {
    name: 'command() refuses a guard that is not valid',
    resource: command({ run: 'make', unless: 'if (' }),
    given: [
      [
        shell('if ('),
        { exitCode: 2, stdout: '', stderr: 'sh: 1: eval: Syntax error: end of file unexpected' },
      ],
    ],
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot run guard "if (": sh: 1: eval: Syntax error: end of file unexpected',
    },
  },
  {
    name: 'user() makes one with a group of its own name',
    resource: user({
      name: 'deploy',
      uid: 5,
      groups: ['a', 'b'],
      shell: '/bin/bash',
      comment: "It's",
      system: true,
    }),
    given: [
      [account('deploy'), null],
      [groupEntry('deploy'), null],
    ],
    changes: ['state: absent → present'],
    steps: [
      /^useradd '-u' '5' '-U' '-G' 'a,b' '-s' '\/bin\/bash' '-c' 'It'\\''s' '-r' '-m' '-d' '\/home\/deploy' -- 'deploy'$/,
    ],
  },
  {
    name: 'user() takes a group of its name that exists already',
    resource: user({ name: 'deploy', createHome: false }),
    given: [
      [account('deploy'), null],
      [groupEntry('deploy'), { gid: 7, members: [] }],
    ],
    changes: ['state: absent → present'],
    steps: [/'-N' '-g' 'deploy' '-M'/],
  },
  {
    name: 'user() does nothing when all is as wished',
    resource: user({
      name: 'deploy',
      uid: 1001,
      group: 'deploy',
      groups: ['www', 'adm', 'deploy'],
      shell: '/bin/sh',
      passwordHash: '$6$old$oldhash',
    }),
    given: [[account('deploy'), deploy]],
  },
  {
    name: 'user() corrects what differs, and leaves other groups out',
    resource: user({ name: 'deploy', groups: ['adm', 'ssl'], shell: '/bin/bash', home: '/srv' }),
    given: [
      [account('deploy'), deploy],
      [groupEntry('deploy'), null],
    ],
    changes: [
      'groups: adm,www → adm,ssl',
      'home: /home/deploy → /srv',
      'shell: /bin/sh → /bin/bash',
    ],
    steps: [/^usermod '-G' 'adm,ssl' '-d' '\/srv' '-s' '\/bin\/bash' -- 'deploy'$/],
  },
  {
    name: 'user() adds groups to those there are',
    resource: user({ name: 'deploy', groups: ['ssl'], append: true }),
    given: [
      [account('deploy'), deploy],
      [groupEntry('deploy'), null],
    ],
    changes: ['groups: adm,www → adm,ssl,www'],
    steps: [/usermod/],
  },
  {
    name: 'user() keeps a former primary group that is to be one of the others',
    resource: user({ name: 'deploy', group: 'staff', groups: ['deploy'] }),
    given: [[account('deploy'), deploy]],
    changes: ['group: deploy → staff', 'groups: adm,www → deploy'],
    steps: [/^usermod '-g' 'staff' '-G' 'deploy' -- 'deploy'$/],
  },
  {
    name: 'user() removes with its home',
    resource: user({ name: 'deploy', state: 'absent', removeHome: true }),
    given: [
      [account('deploy'), deploy],
      [groupEntry('deploy'), null],
    ],
    changes: ['state: present → absent'],
    steps: [/^userdel -r -- 'deploy'$/],
  },
  {
    name: 'group() makes one',
    resource: group({ name: 'g', gid: 9, system: true }),
    given: [[groupEntry('g'), null]],
    changes: ['state: absent → present'],
    steps: [/^groupadd -r -g 9 -- 'g'$/],
  },
  {
    name: 'group() corrects its number',
    resource: group({ name: 'g', gid: 9 }),
    given: [[groupEntry('g'), { gid: 8, members: [] }]],
    changes: ['gid: 8 → 9'],
    steps: [/^groupmod -g 9 -- 'g'$/],
  },
  {
    name: 'group() does nothing when it exists',
    resource: group({ name: 'g' }),
    given: [[groupEntry('g'), { gid: 8, members: [] }]],
  },
  {
    name: 'group() removes',
    resource: group({ name: 'g', state: 'absent' }),
    given: [[groupEntry('g'), { gid: 8, members: [] }]],
    changes: ['state: present → absent'],
    steps: [/^groupdel -- 'g'$/],
  },
  {
    name: "authorizedKey() makes .ssh and the file, the user's own",
    resource: authorizedKey({ user: 'deploy', key: `${key} me` }),
    given: authorized(undefined),
    changes: ['content: absent → 44 bytes'],
    steps: [
      /^mkdir -m 0700 -- '\/home\/deploy\/\.ssh' && chown -- 'deploy:deploy'/,
      /chown -- 'deploy:deploy' "\$tmp" && chmod -- 0600/,
    ],
  },
  {
    name: 'authorizedKey() has no key to take out where there is no file',
    resource: authorizedKey({ user: 'deploy', key, state: 'absent' }),
    given: authorized(undefined),
  },
  {
    name: 'authorizedKey() refuses a user that does not exist',
    resource: authorizedKey({ user: 'deploy', key }),
    given: [[account('deploy'), null]],
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot authorize a key for "deploy": there is no such user',
    },
  },
  {
    name: 'authorizedKey() refuses a .ssh that leads elsewhere',
    resource: authorizedKey({ user: 'deploy', key }),
    given: [
      [account('deploy'), deploy],
      [stat('/home/deploy/.ssh'), { ...aFile, type: 'symlink', target: '/etc' }],
    ],
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot authorize a key for "deploy": "/home/deploy/.ssh" is not a directory',
    },
  },
  {
    name: 'authorizedKey() refuses an authorized_keys that leads elsewhere',
    resource: authorizedKey({ user: 'deploy', key }),
    given: [
      [stat(keys), { ...aFile, type: 'symlink', target: '/root/.ssh/authorized_keys' }],
      [stat('/root/.ssh/authorized_keys'), aFile],
      [stat('/root/.ssh'), aFolder],
      ...authorized(''),
    ],
    error: {
      code: 'TASK_FAILED',
      message: `Cannot authorize a key for "deploy": "${keys}" is a symlink`,
      hint: /Remove it first, or give path/,
    },
  },
  {
    name: 'sshKeypair() makes one',
    resource: sshKeypair({ path: '/etc/f', type: 'rsa', bits: 3072, comment: 'c', owner: 'app' }),
    given: [...etc(null), [content('/etc/f.pub'), null]],
    changes: ['key: absent → rsa'],
    steps: [/ssh-keygen '-q' '-t' 'rsa' '-N' '' '-b' '3072' '-C' 'c' -f "\$tmp\/key"/],
  },
  {
    name: 'sshKeypair() does nothing when there is one',
    resource: sshKeypair({ path: '/etc/f', type: 'ed25519' }),
    given: [...etc('private'), [content('/etc/f.pub'), Buffer.from(`${key} c\n`)]],
  },
  {
    name: 'sshKeypair() makes a missing public key from the private one',
    resource: sshKeypair({ path: '/etc/f' }),
    given: [...etc('private'), [content('/etc/f.pub'), null]],
    changes: ['public key: absent → made from the private key'],
    steps: [/ssh-keygen -y/],
  },
  {
    name: 'sshKeypair() gives the pair its owner, and not what a symlink in its place leads to',
    resource: sshKeypair({ path: '/etc/f', owner: 'app' }),
    given: [...etc('private'), [content('/etc/f.pub'), Buffer.from(`${key} c\n`)]],
    changes: ['owner: root → app'],
    steps: [/^chown -h -- 'app' '\/etc\/f' '\/etc\/f\.pub'$/],
  },
  ...['', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n', `${key} c\nsecond\n`].map((text) => ({
    name: `sshKeypair() gives nobody what is no public key: ${JSON.stringify(text)}`,
    resource: sshKeypair({ path: '/etc/f' }),
    given: [...etc('private'), [content('/etc/f.pub'), Buffer.from(text)] as const],
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot read key "/etc/f.pub": it is not the line of a public key',
      hint: /Remove it: it is made anew/,
    },
  })),
  {
    name: 'sshKeypair() refuses to replace a key of another type',
    resource: sshKeypair({ path: '/etc/f', type: 'rsa' }),
    given: [...etc('private'), [content('/etc/f.pub'), Buffer.from(`${key} c\n`)]],
    error: {
      code: 'TASK_FAILED',
      message: 'Cannot make key "/etc/f" of type rsa: there is one of type ssh-ed25519',
    },
  },
  {
    name: 'waitForPort() does not wait for what is open',
    resource: waitForPort({ port: 80 }),
    given: [[tcp({ port: 80 }), 'open']],
  },
  {
    name: 'waitForPort() looks a bounded number of times',
    resource: waitForPort({ port: 80, timeout: 10_000 }),
    given: [[tcp({ port: 80 }), 'closed']],
    steps: [/^left=20\nuntil grep .*:0050 .*sleep 0\.5/s],
  },
  {
    name: 'waitForPort() refuses to try another host without bash',
    resource: waitForPort({ port: 80, host: 'b' }),
    given: [[tcp({ port: 80, host: 'b' }), 'unsupported']],
    error: { code: 'UNSUPPORTED', message: 'Cannot try port "b:80": there is no bash' },
  },
]

for (const { name, resource, given, changes = [], steps = [], skipped, error } of cases)
  t.test(name, async (t) => {
    if (error !== undefined) {
      try {
        planOf(resource, given)
        t.fail('it is refused')
      } catch (thrown) {
        t.ok(thrown instanceof HostwrightError, String(thrown))
        t.match(thrown, error)
      }
      return
    }
    const plan = planOf(resource, given)
    t.same(
      plan.changes.map(({ property, from, to }) => `${property}: ${from} → ${to}`),
      changes,
    )
    t.equal(plan.steps.length, steps.length, 'so many steps')
    for (const [at, pattern] of steps.entries()) t.match(plan.steps[at]?.script, pattern)
    t.equal(plan.skipped, skipped)
  })

/** What an edit makes of a file: `[name, resource, before, after]`; the same text for no change. */
const edits: readonly (readonly [string, Resource, string | null, string])[] = [
  ['adds a line at the end', lineInFile({ path: '/etc/f', line: 'c' }), 'a\nb', 'a\nb\nc\n'],
  ['finds the line', lineInFile({ path: '/etc/f', line: 'b' }), 'a\nb\nc\n', 'a\nb\nc\n'],
  [
    'finds the line in a file of another system',
    lineInFile({ path: '/etc/f', line: 'b' }),
    'a\r\nb\r\n',
    'a\r\nb\r\n',
  ],
  [
    'replaces the last match only',
    lineInFile({ path: '/etc/f', line: 'x=2', regexp: /^x=/ }),
    'x=0\nx=1\ny\n',
    'x=0\nx=2\ny\n',
  ],
  [
    'replaces with a global expression',
    lineInFile({ path: '/etc/f', line: 'x=2', regexp: /^x=/g }),
    'x=0\nx=1\n',
    'x=0\nx=2\n',
  ],
  [
    'takes the line itself where no expression matches',
    lineInFile({ path: '/etc/f', line: 'on', regexp: /^#on$/ }),
    'on\nz\n',
    'on\nz\n',
  ],
  [
    'keeps a missing line break at the end',
    lineInFile({ path: '/etc/f', line: 'x=2', regexp: /^x=/ }),
    'a\nx=1',
    'a\nx=2',
  ],
  [
    'inserts after the last match',
    lineInFile({ path: '/etc/f', line: 'n', insertAfter: /^a/ }),
    'a1\na2\nb\n',
    'a1\na2\nn\nb\n',
  ],
  [
    'inserts after the last line without a break',
    lineInFile({ path: '/etc/f', line: 'n', insertAfter: /^a/ }),
    'a1',
    'a1\nn\n',
  ],
  [
    'inserts before the last match',
    lineInFile({ path: '/etc/f', line: 'n', insertBefore: /^a/ }),
    'a1\na2\nb\n',
    'a1\nn\na2\nb\n',
  ],
  [
    'inserts at the beginning',
    lineInFile({ path: '/etc/f', line: 'n', insertBefore: 'BOF' }),
    'a\n',
    'n\na\n',
  ],
  [
    'inserts at the end where nothing matches',
    lineInFile({ path: '/etc/f', line: 'n', insertBefore: /^z/ }),
    'a\n',
    'a\nn\n',
  ],
  [
    'ignores insertAfter where the expression matches',
    lineInFile({ path: '/etc/f', line: 'x=2', regexp: /^x/, insertAfter: /^a/ }),
    'a\nb\nx=1\n',
    'a\nb\nx=2\n',
  ],
  [
    'takes out every match',
    lineInFile({ path: '/etc/f', regexp: /^x/, state: 'absent' }),
    'x1\na\nx2\n',
    'a\n',
  ],
  [
    'takes out the line alone',
    lineInFile({ path: '/etc/f', line: 'x', state: 'absent' }),
    'x1\nx\nax\n',
    'x1\nax\n',
  ],
  ['makes a file', lineInFile({ path: '/etc/f', line: 'a', create: true }), null, 'a\n'],
  [
    'keeps the bytes of another encoding',
    lineInFile({ path: '/etc/f', line: 'b' }),
    'caf\xe9\n',
    'caf\xe9\nb\n',
  ],
  [
    'puts a block at the end',
    blockInFile({ path: '/etc/f', block: 'x\ny\n' }),
    'a',
    'a\n# BEGIN HOSTWRIGHT MANAGED BLOCK\nx\ny\n# END HOSTWRIGHT MANAGED BLOCK\n',
  ],
  [
    'changes a block where it is',
    blockInFile({ path: '/etc/f', block: 'y', marker: '; {mark}' }),
    'a\n; BEGIN\nx\n; END\nb\n',
    'a\n; BEGIN\ny\n; END\nb\n',
  ],
  [
    'finds a block',
    blockInFile({ path: '/etc/f', block: 'y', marker: '; {mark}' }),
    'a\n; BEGIN\ny\n; END\nb\n',
    'a\n; BEGIN\ny\n; END\nb\n',
  ],
  [
    'takes out a block',
    blockInFile({ path: '/etc/f', state: 'absent', marker: '; {mark}' }),
    'a\n; BEGIN\ny\n; END\nb\n',
    'a\nb\n',
  ],
  [
    'takes out an empty block',
    blockInFile({ path: '/etc/f', block: '', marker: '; {mark}' }),
    'a\n; BEGIN\ny\n; END\nb\n',
    'a\nb\n',
  ],
  [
    'puts a block before a line',
    blockInFile({ path: '/etc/f', block: 'y', marker: '{mark}', insertBefore: /^b/ }),
    'a\nb\n',
    'a\nBEGIN\ny\nEND\nb\n',
  ],
  [
    'keeps an empty line inside a block',
    blockInFile({ path: '/etc/f', block: 'x\n\ny', marker: '{mark}' }),
    '',
    'BEGIN\nx\n\ny\nEND\n',
  ],
]

for (const [name, resource, before, after] of edits)
  t.test(`${resource.type.name}() ${name}`, async (t) => {
    const bytes =
      before === null ? null : Buffer.from(before, before.includes('\xe9') ? 'latin1' : 'utf8')
    const given = etc('').map(([query, answer]) =>
      query.id === content('/etc/f').id
        ? ([query, bytes] as const)
        : query.id === stat('/etc/f').id
          ? ([query, bytes === null ? absent : aFile] as const)
          : ([query, answer] as const),
    )
    const plan = planOf(resource, given)
    if (before === after) return t.same(plan, { changes: [], steps: [] })
    const input = Buffer.from(plan.steps[0]?.input ?? [])
    t.equal(input.toString(after.includes('\xe9') ? 'latin1' : 'utf8'), after)
  })

t.test('lineInFile() and blockInFile() refuse what they cannot edit', async (t) => {
  for (const [resource, text, message] of [
    [lineInFile({ path: '/etc/f', line: 'a' }), null, 'Cannot edit "/etc/f": it does not exist'],
    [
      blockInFile({ path: '/etc/f', block: 'a', marker: '{mark}' }),
      'BEGIN\n',
      'Cannot edit "/etc/f": there is only one of the markers "BEGIN" and "END"',
    ],
    [
      blockInFile({ path: '/etc/f', block: 'a', marker: '{mark}' }),
      'END\nBEGIN\n',
      'Cannot edit "/etc/f": the marker "END" stands before "BEGIN"',
    ],
    [
      lineInFile({ path: '/etc/f', line: '10 €' }),
      Buffer.from('caf\xe9\n', 'latin1'),
      'Cannot edit "/etc/f": it is not UTF-8, and its encoding has no "€"',
    ],
  ] as const)
    t.throws(() => planOf(resource, etc(text)), { code: 'TASK_FAILED', message })
  t.same(planOf(lineInFile({ path: '/etc/f', line: 'a', state: 'absent' }), etc(null)).steps, [])
})

/** What an entry makes of /etc/hosts. */
const hosts: readonly (readonly [string, string, string])[] = [
  ['adds', '127.0.0.1 localhost\n', '127.0.0.1 localhost\n192.0.2.1 c1.example c1\n'],
  ['finds', '192.0.2.1\tc1.example  c1 # kept\n', '192.0.2.1\tc1.example  c1 # kept\n'],
  [
    'replaces the names of its own line',
    '192.0.2.1 c1.example old # kept\n',
    '192.0.2.1 c1.example c1 # kept\n',
  ],
  [
    'takes its names from other addresses',
    '127.0.1.1 c1.example c1\n192.0.2.9 c1 c9\n',
    '192.0.2.9 c9\n192.0.2.1 c1.example c1\n',
  ],
  [
    'leaves the other family its names',
    '2001:db8::1 c1\n',
    '2001:db8::1 c1\n192.0.2.1 c1.example c1\n',
  ],
  [
    'leaves comments and empty lines',
    '# 127.0.1.1 c1\n\n',
    '# 127.0.1.1 c1\n\n192.0.2.1 c1.example c1\n',
  ],
  [
    'takes out a second line of its own',
    '192.0.2.1 c1.example c1\n192.0.2.1 c1.example\n',
    '192.0.2.1 c1.example c1\n',
  ],
]
for (const [name, before, after] of hosts)
  t.test(`hostsEntry() ${name}`, async (t) => {
    const resource = hostsEntry({ address: '192.0.2.1', names: ['c1.example', 'c1'] })
    const plan = planOf(resource, etc(before, aFile, '/etc/hosts'))
    if (before === after) return t.same(plan.steps, [])
    t.equal(Buffer.from(plan.steps[0]?.input ?? []).toString(), after)
  })

/** What a key makes of authorized_keys. */
const authorizations: readonly (readonly [
  string,
  Partial<Parameters<typeof authorizedKey>[0]>,
  string,
  string,
])[] = [
  ['adds a key', {}, '# mine\nssh-rsa AAAAB3 a\n', `# mine\nssh-rsa AAAAB3 a\n${key} me\n`],
  ['finds a key', {}, `${key} me\n`, `${key} me\n`],
  ['keeps a comment that it does not know better', { key }, `${key} old\n`, `${key} old\n`],
  ['corrects the comment', {}, `${key} old\n`, `${key} me\n`],
  [
    'corrects the options',
    { options: 'restrict' },
    `from="a b",no-pty ${key} me\nx\n`,
    `restrict ${key} me\nx\n`,
  ],
  ['takes options away', {}, `restrict ${key} me\n`, `${key} me\n`],
  [
    'takes a second line with the key out',
    { options: 'restrict' },
    `restrict ${key} me\n${key} me\n`,
    `restrict ${key} me\n`,
  ],
  ['takes a key out', { state: 'absent' }, `a\nrestrict ${key} x\n`, 'a\n'],
  [
    'finds its key behind options in which another key is quoted',
    { options: 'restrict' },
    `command="echo \\" ssh-rsa AAAAB3 x" ${key} me\nssh-rsa AAAAB3 command="${key}"\n`,
    `restrict ${key} me\nssh-rsa AAAAB3 command="${key}"\n`,
  ],
  ['leaves a comment alone', {}, ` # ${key} old\n`, ` # ${key} old\n${key} me\n`],
  [
    'takes all others out with exclusive, but for comments and blank lines',
    { exclusive: true },
    `# mine\n\nssh-rsa AAAAB3 a\n${key} me\n  # b\ncert-authority ssh-rsa AAAAB4 c`,
    `# mine\n\n${key} me\n  # b\n`,
  ],
  [
    'adds its key and takes all others out with exclusive',
    { exclusive: true, options: 'restrict' },
    'ssh-rsa AAAAB3 a',
    `restrict ${key} me\n`,
  ],
  [
    'takes out with exclusive what only sshd may understand',
    { exclusive: true },
    `RSA AAAAB3 a\nx\n${key} me\nx ${key}5 me\n`,
    `${key} me\n`,
  ],
  [
    'finds its key alone with exclusive',
    { exclusive: true },
    `# a\n${key} me\n`,
    `# a\n${key} me\n`,
  ],
]
for (const [name, options, before, after] of authorizations)
  t.test(`authorizedKey() ${name}`, async (t) => {
    const plan = planOf(
      authorizedKey({ user: 'deploy', key: `${key} me`, ...options }),
      authorized(before),
    )
    if (before === after) return t.same(plan.steps, [])
    t.equal(plan.steps.length, 1)
    t.equal(Buffer.from(plan.steps[0]?.input ?? []).toString(), after)
    t.match(plan.steps[0]?.script, /\nchmod -- 0644/, 'the file keeps its owner and mode')
  })

t.test('authorizedKey() with exclusive names each key that goes, and shows none whole', (t) => {
  const blob = (letter: string) => `AAAAC3NzaC1lZDI1NTE5AAAAIA${letter.repeat(42)}`
  const line = (letter: string, comment = '') => `ssh-ed25519 ${blob(letter)} ${comment}`.trim()
  const before = [
    line('a', 'me'),
    line('b', 'eve@laptop'),
    `restrict ${line('c')}`,
    `ED25519 ${blob('d')} x`,
    line('b', 'eve@laptop'),
    `what is this ${'x'.repeat(80)}`,
  ]
  const wish = { user: 'deploy', key: line('a', 'me'), exclusive: true }
  // As ssh-keygen -l names them.
  const removals = [
    {
      property: 'key SHA256:AklqTuXUNkjxg1THlRAJvxqKBP9f6+svLrCSdQYFb14',
      from: 'ssh-ed25519 eve@laptop',
      to: 'absent',
    },
    {
      property: 'key SHA256:qS0b+gz4493BCsdb+DvLXmxX116r/xPxr9V4EesxGqQ',
      from: 'ssh-ed25519',
      to: 'absent',
    },
    {
      property: 'key SHA256:kmNQSgNGzjGTztZmReS+0AlHOyou2rwAociDePTyQks',
      from: 'present',
      to: 'absent',
    },
    { property: `line what is this ${'x'.repeat(26)}…`, from: 'present', to: 'absent' },
  ]
  const given = authorized(`${before.join('\n')}\n`)
  t.strictSame(planOf(authorizedKey(wish), given).changes, removals)
  const { changes, steps } = planOf(authorizedKey({ ...wish, options: 'restrict' }), given)
  t.strictSame(changes.slice(0, -1), removals)
  t.match(changes.at(-1), {
    property: 'content',
    after: /^restrict ssh-ed25519 SHA256:\S{43} me\n$/,
  })
  t.notMatch(JSON.stringify(changes), /AAAAC3/)
  t.equal(Buffer.from(steps[0]?.input ?? []).toString(), `restrict ${line('a', 'me')}\n`)
  const shared = planOf(authorizedKey({ ...wish, exclusive: false }), given)
  t.strictSame(shared.changes, [], 'without that word others stay')
  t.end()
})

t.test('authorizedKey() reads a line of many quotes in no time', (t) => {
  const begun = Date.now()
  const line = `${'"\\"'.repeat(50_000)} ssh-rsa`
  planOf(authorizedKey({ user: 'deploy', key }), authorized(`${line}\n`))
  t.ok(Date.now() - begun < 2_000)
  t.end()
})

/** The first change of a file that has another content. */
function changeOf(resource: Resource, before: Buffer | null) {
  return planOf(resource, [
    ...etc('').filter(([{ kind }]) => kind.name !== 'content' && kind.name !== 'sha256'),
    [sha256('/etc/f'), 'other'],
    [content('/etc/f'), before],
  ]).changes[0]
}

t.test('file() tells what differs of a text, and of nothing else', async (t) => {
  t.match(changeOf(file({ path: '/etc/f', content: 'new\n' }), Buffer.from('old\n')), {
    before: 'old\n',
    after: 'new\n',
  })
  for (const [name, resource, before] of [
    ['a secret', file({ path: '/etc/f', content: secret('s3cret-text') }), Buffer.from('old')],
    ['bytes', file({ path: '/etc/f', content: Buffer.from([0, 255]) }), Buffer.from('old')],
    ['old bytes', file({ path: '/etc/f', content: 'new' }), Buffer.from([0, 255])],
    ['a large text', file({ path: '/etc/f', content: 'x'.repeat(300_000) }), Buffer.from('old')],
  ] as const) {
    const { before: shownBefore, after } = changeOf(resource, before) ?? {}
    t.same([shownBefore, after], [undefined, undefined], name)
  }
  const hash = planOf(user({ name: 'deploy', passwordHash: '$6$new$newhash' }), [
    [account('deploy'), deploy],
  ])
  t.same(hash.changes, [{ property: 'password', from: '***', to: '***' }])
  t.equal(hash.steps[0]?.script, 'chpasswd -e')
  t.equal(Buffer.from(hash.steps[0]?.input ?? []).toString(), 'deploy:$6$new$newhash\n')
})

t.test('sshKeypair() gives the public key and its fingerprint', async (t) => {
  const publicKey =
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOxmz68QdeiTPDG9FrR23X4lYwXcuXnaw73QFbt/f11I me'
  const given: Given = [...etc('private'), [content('/etc/f.pub'), Buffer.from(`${publicKey}\n`)]]
  t.same(planOf(sshKeypair({ path: '/etc/f' }), given).output, {
    publicKey,
    fingerprint: 'SHA256:6fqDY+WjzbVtd2yQczQxG+FQQn/qIQ4wk37l6qivHsI',
  })
})

t.test('effects: later resources see what earlier ones will have done', async (t) => {
  const restarted = planOf(
    service({ name: 'a', masked: false, state: 'restarted' }),
    unit('a.service', {}),
  )
  t.match(restarted.effects?.becomes?.[0]?.[1], { unitFileState: 'enabled' }, 'it was not masked')
  const written = planOf(file({ path: '/etc/f', content: 'abc', mode: '0600' }), etc(null)).effects
  const become = new Map(written?.becomes?.map(([{ id }, answer]) => [id, answer]))
  t.same(become.get('stat:/etc/f'), {
    type: 'file',
    mode: '0600',
    owner: 'root',
    group: 'root',
    size: 3,
  })
  t.same(become.get('content:/etc/f'), Buffer.from('abc'))
  t.equal(become.get('sha256:/etc/f'), sum(Buffer.from('abc')))
  t.ok(written?.stale?.(shell('anything')), 'a test of the user may read it')
  t.notOk(written?.stale?.(stat('/etc/g')))
  t.ok(written?.unknown?.when(shell('grep a /etc/f'), {}))
  t.notOk(written?.unknown?.when(shell('grep a /etc/g'), {}))

  const gone = { loadState: 'not-found' } as UnitState
  const unitWritten = planOf(file({ path: '/etc/systemd/system/a.service', content: 'x' }), [
    asRoot,
    [stat('/etc/systemd/system'), aFolder],
    ...etc(null, aFile, '/etc/systemd/system/a.service'),
  ]).effects
  t.ok(unitWritten?.stale?.(unitState('a.service')))
  t.ok(unitWritten?.unknown?.when(unitState('a.service'), gone))
  t.notOk(unitWritten?.unknown?.when(unitState('b.service'), gone))

  const installed = planOf(packages({ names: ['a'] }), packaged({ a: null })).effects
  t.ok(installed?.stale?.(stat('/etc/g')))
  for (const [query, answer, unknown] of [
    [stat('/etc/a'), absent, true],
    [stat('/etc/a'), aFile, false],
    [content('/etc/a'), null, true],
    [account('a'), null, true],
    [account('a'), deploy, false],
    [unitState('a.service'), gone, true],
    [unitState('a.service'), { ...gone, loadState: 'loaded' }, false],
    [tcp({ port: 1 }), 'closed', true],
    [tcp({ port: 1 }), 'open', false],
    [shell('a'), { exitCode: 0 }, true],
    [packageState('b'), {}, false],
    [packageFileState('/srv/b.deb'), null, true],
    [packageFileState('/srv/b.deb'), { installed: null }, false],
  ] as const)
    t.equal(
      installed?.unknown?.when(query, answer),
      unknown,
      `${query.id} ${JSON.stringify(answer)}`,
    )
  t.match(installed?.unknown?.reason, /package a would be installed/)

  const removed = planOf(packages({ names: ['a'], state: 'absent' }), packaged({ a: '1' })).effects
  for (const [answer, unknown] of [
    [null, false],
    [{ installed: null }, false],
    [{ installed: '1' }, true],
  ] as const)
    t.equal(removed?.unknown?.when(packageFileState('/srv/a.deb'), answer), unknown)

  const fromFile = planOf(packageFile({ path: '/srv/a.deb' }), packageAt('/srv/a.deb')).effects
  t.match(fromFile?.becomes, [[{ id: 'packageState:a' }, { manager: 'apt', installed: '2' }]])
  t.ok(fromFile?.stale?.(stat('/etc/g')))
  t.ok(fromFile?.unknown?.when(unitState('a.service'), gone))

  const fetched = planOf(download(toFetch), [[sha256('/srv/a.deb'), null]]).effects
  t.same(fetched?.becomes, [[sha256('/srv/a.deb'), toFetch.sha256]])
  for (const query of [packageFileState('/srv/a.deb'), stat('/srv/a.deb'), content('/srv/a.deb')]) {
    t.ok(fetched?.stale?.(query), query.id)
    t.ok(fetched?.unknown?.when(query, null), query.id)
  }
  t.notOk(fetched?.unknown?.when(packageFileState('/srv/b.deb'), null))
  t.notOk(fetched?.stale?.(stat('/srv/b.deb')))

  const started = planOf(
    service({ name: 'a', state: 'started' }),
    unit('a.service', { activeState: 'inactive' }),
  ).effects
  t.match(started?.becomes?.[0], [{ id: 'unitState:a.service' }, { activeState: 'active' }])
  t.ok(started?.stale?.(tcp({ port: 1 })))
  t.notOk(started?.stale?.(stat('/etc/g')))
  t.ok(started?.unknown?.when(tcp({ port: 1 }), 'closed'))

  const ran = planOf(command({ run: 'x', creates: '/etc/f' }), etc(null)).effects
  t.ok(ran?.stale?.(stat('/etc/g')))
  t.ok(ran?.unknown?.when(stat('/etc/f'), absent))
  t.notOk(ran?.unknown?.when(stat('/etc/g'), absent))

  const born = planOf(user({ name: 'deploy' }), [
    [account('deploy'), null],
    [groupEntry('deploy'), null],
  ]).effects
  const seen = new Map(born?.becomes?.map(([{ id }, answer]) => [id, answer]))
  t.match(seen.get('account:deploy'), { home: '/home/deploy', group: 'deploy' })
  t.match(seen.get('stat:/home/deploy'), { type: 'directory' })
})

t.test('check mode shows what it supposes, and knows what it does not know', async (t) => {
  const doubt = new Unknown('package a would be installed first')
  /** The absences of a table are in doubt. */
  const doubted = (given: Given): Given =>
    given.map(([query, answer]) => [
      query,
      answer === null || (answer as { type?: string } | undefined)?.type === 'absent'
        ? doubt
        : answer,
    ])
  const unknown = (resource: Resource<unknown>, given: Given) => {
    const plan = planOf(resource, doubted(given))
    return [plan.changes.length > 0 ? 'changes' : 'none', plan.unknown]
  }
  const reason = doubt.reason
  t.same(unknown(file({ path: '/etc/f', content: 'x' }), etc(null)), ['changes', undefined])
  t.same(unknown(file({ path: '/etc/f', state: 'absent' }), etc(null)), ['none', reason])
  t.same(
    unknown(directory({ path: '/srv/a' }), [
      asRoot,
      [stat('/srv'), aFolder],
      [stat('/srv/a'), absent],
    ]),
    ['changes', reason],
  )
  t.same(
    unknown(user({ name: 'deploy' }), [
      [account('deploy'), null],
      [groupEntry('deploy'), null],
    ]),
    ['changes', reason],
  )
  t.same(unknown(lineInFile({ path: '/etc/f', line: 'a', create: true }), etc(null)), [
    'changes',
    reason,
  ])
  t.same(unknown(authorizedKey({ user: 'deploy', key }), authorized(undefined)), [
    'changes',
    undefined,
  ])
  const inMissing: Given = [
    asRoot,
    [stat('/no'), absent],
    [stat('/no/f'), absent],
    [sha256('/no/f'), null],
  ]
  t.same(
    unknown(file({ path: '/no/f', content: 'a' }), inMissing),
    ['changes', reason],
    'its directory may come',
  )
  const fails: readonly (readonly [Resource, Given])[] = [
    [lineInFile({ path: '/etc/f', line: 'a' }), etc(null)],
    [file({ path: '/etc/f', mode: '0600' }), etc(null)],
    [authorizedKey({ user: 'deploy', key }), [[account('deploy'), null]]],
    [waitForPort({ port: 1 }), [[tcp({ port: 1 }) as Query, null]]],
  ]
  for (const [resource, given] of fails)
    t.throws(
      () => planOf(resource, doubted(given)),
      { message: `unknown: ${reason}` },
      resource.task,
    )
})

t.test('a package file that is listed twice is planned once', (t) => {
  const resource = packageFile({ path: '/srv/a.deb' })
  const given = packageAt('/srv/a.deb')
  const { effects } = planOf(resource, given)
  const after = new Map([...given, ...(effects?.becomes ?? [])].map((one) => [one[0].id, one]))
  t.strictSame(planOf(resource, [...after.values()]).changes, [])
  t.end()
})
