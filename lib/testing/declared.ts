import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type {
  Account,
  Entry,
  PackageState,
  SystemFacts,
  UnitState,
} from '../resources/probes/index.js'
import type { Query } from '../resources/types.js'
import type { FakeFile, FakeHostOptions } from './fake-types.js'

/** Directories of every system. */
const usual = [
  '/',
  '/etc /etc/cron.d /etc/logrotate.d /etc/ssh /etc/sudoers.d /etc/systemd/system',
  '/home /opt /root /run /srv /tmp',
  '/usr/bin /usr/local/bin /usr/local/sbin /usr/sbin /usr/share',
  '/var/cache /var/lib /var/log /var/spool',
].flatMap((paths) => paths.split(' '))

const debian: SystemFacts = {
  family: 'debian',
  distribution: 'debian',
  version: '12',
  codename: 'bookworm',
  architecture: 'x86_64',
  kernel: '6.1.0',
  hostname: 'fake',
  fqdn: 'fake',
  packageManager: 'apt',
  serviceManager: 'systemd',
  addresses: [],
  defaultAddress: null,
  memoryBytes: 1_073_741_824,
  processors: 1,
  selinux: { status: 'disabled', mode: null, policy: null },
  virtualization: 'none',
}

const root: Account = {
  uid: 0,
  gid: 0,
  group: 'root',
  groups: [],
  comment: 'root',
  home: '/root',
  shell: '/bin/bash',
}

/**
 * Answers questions from a declared state.
 *
 * @returns undefined for a question that the declaration says nothing of
 */
export function declaredAnswers(
  name: string,
  options: FakeHostOptions,
): (query: Query) => { readonly answer: unknown } | undefined {
  const facts: SystemFacts = { ...debian, hostname: name, fqdn: name, ...options.system }
  const files = new Map(
    Object.entries(options.files ?? {}).map(([path, file]) => [path, asFile(file)]),
  )
  const directories = new Set([...usual, ...(options.directories ?? []), ...files.keys()])
  for (const path of directories)
    for (let at = posix.dirname(path); !directories.has(at); at = posix.dirname(at))
      directories.add(at)
  for (const path of files.keys()) directories.delete(path)
  const contentOf = (path: string): Buffer | null => {
    const file = files.get(path)
    return file === undefined ? null : Buffer.from(file.content)
  }
  const kinds: Readonly<Record<string, (key: string) => unknown>> = {
    system: () => facts,
    identity: () => ({ user: 'root', group: 'root' }),
    stat: (path) => statOf(files.get(path), directories.has(path)),
    content: contentOf,
    sha256: (path) => sum(contentOf(path)),
    account: (user) => accountOf(user, options.users ?? {}),
    groupEntry: (group) => groupOf(group, options.users ?? {}),
    packageState: (wanted) => packageOf(wanted, options.packages ?? [], facts.packageManager),
    unitState: (unit) => unitOf(unit, options.units ?? {}),
  }
  const own = new Map((options.answers ?? []).map(([{ id }, answer]) => [id, answer]))
  return ({ kind, key, id }) => {
    if (own.has(id)) return { answer: own.get(id) }
    if (options.recorded && !isNamed(kind.name, key as string, options)) return undefined
    const answer = Object.hasOwn(kinds, kind.name) ? kinds[kind.name] : undefined
    return answer && { answer: answer(key as string) }
  }
}

/** Beside a recording, what is not named is as it was recorded. */
function isNamed(kind: string, key: string, options: FakeHostOptions): boolean {
  const { files = {}, directories = [], packages = [], units = {}, users = {} } = options
  const names: Readonly<Record<string, readonly string[]>> = {
    stat: [...Object.keys(files), ...directories],
    content: Object.keys(files),
    sha256: Object.keys(files),
    account: Object.keys(users),
    groupEntry: Object.keys(users),
    packageState: packages,
    unitState: Object.keys(units).flatMap((name) => [name, `${name}.service`]),
  }
  return names[kind]?.includes(key) ?? false
}

function asFile(file: string | FakeFile): FakeFile {
  return typeof file === 'string' ? { content: file } : file
}

function statOf(file: FakeFile | undefined, isDirectory: boolean): Entry | { type: 'absent' } {
  const { mode, owner = 'root', group = 'root' } = file ?? {}
  const owned = { owner, group, uid: owner === 'root' ? 0 : 1000, gid: group === 'root' ? 0 : 1000 }
  if (file !== undefined)
    return { type: 'file', mode: mode ?? '0644', ...owned, size: Buffer.byteLength(file.content) }
  return isDirectory
    ? { type: 'directory', mode: '0755', ...owned, size: 4096 }
    : { type: 'absent' }
}

function sum(bytes: Buffer | null): string | null {
  return bytes && createHash('sha256').update(bytes).digest('hex')
}

function accountOf(name: string, users: NonNullable<FakeHostOptions['users']>): Account | null {
  if (name === 'root') return root
  const user = Object.hasOwn(users, name) ? users[name] : undefined
  if (user === undefined) return null
  const own = { group: name, groups: [], comment: '', home: `/home/${name}`, shell: '/bin/bash' }
  return { uid: 1000, gid: 1000, ...own, ...user }
}

/** Groups are those of the declared users. */
function groupOf(name: string, users: NonNullable<FakeHostOptions['users']>) {
  if (name === 'root') return { gid: 0, members: [] }
  const all = Object.keys(users).map((user) => ({ user, account: accountOf(user, users) }))
  const members = all
    .filter(({ account }) => account?.groups.includes(name))
    .map(({ user }) => user)
  const primary = all.find(({ account }) => account?.group === name)
  if (members.length === 0 && primary === undefined) return null
  return { gid: primary?.account?.gid ?? 1000, members }
}

function packageOf(
  wanted: string,
  installed: readonly string[],
  manager: SystemFacts['packageManager'],
): PackageState {
  const name = wanted.replace(/[=:].*$/, '')
  return { manager, installed: installed.includes(name) ? '1.0' : null, broken: false }
}

function unitOf(unit: string, units: NonNullable<FakeHostOptions['units']>): UnitState {
  const short = unit.replace(/\.service$/, '')
  const name = Object.hasOwn(units, unit) ? unit : short
  const state = Object.hasOwn(units, name) ? units[name] : undefined
  return {
    loadState: state === undefined ? 'not-found' : 'loaded',
    activeState: state?.active === true ? 'active' : 'inactive',
    subState: state?.active === true ? 'running' : 'dead',
    unitFileState: state === undefined ? '' : state.enabled ? 'enabled' : 'disabled',
    needDaemonReload: false,
  }
}
