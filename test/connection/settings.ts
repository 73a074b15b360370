import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { becomeSettings, connectionSettings } from '../../lib/connection/index.js'
import type { ConnectionSettings } from '../../lib/connection/index.js'
import { jumpSettings } from '../../lib/connection/jump-settings.js'
import { redact, secret } from '../../lib/core/secret.js'
import type { InventoryHost, Vars } from '../../lib/inventory/types.js'

const home = t.testdir({})
process.env.HOME = home
const config = join(home, '.ssh', 'config')

function host(vars: Vars, name = 'web1'): InventoryHost {
  const origin = (variable: string) =>
    variable in vars ? { file: '/inventory/hosts.yml', line: 7 } : undefined
  return { name, groups: [], vars, origin }
}

function writeConfig(text: string): void {
  mkdirSync(join(home, '.ssh'), { recursive: true })
  writeFileSync(config, text)
}

const plain: ConnectionSettings = {
  name: 'web1',
  kind: 'ssh',
  address: 'web1',
  port: 22,
  user: userInfo().username,
  identityFiles: ['id_rsa', 'id_ecdsa', 'id_ed25519'].map((name) => join(home, '.ssh', name)),
  knownHostsFiles: [join(home, '.ssh', 'known_hosts'), '/etc/ssh/ssh_known_hosts'],
  hostKeyChecking: true,
  connectTimeout: 10_000,
  proxyJump: [],
}
const { identityFiles: _, ...keyed } = plain

t.test('connectionSettings() reads Ansible variables', async (t) => {
  const cases: readonly (readonly [vars: Vars, expected: ConnectionSettings])[] = [
    [{}, plain],
    [{ ansible_host: '192.0.2.1' }, { ...plain, address: '192.0.2.1' }],
    [
      { ansible_host: 'a', ansible_ssh_host: 'b' },
      { ...plain, address: 'b' },
    ],
    [{ ansible_host: null, ansible_port: null }, plain],
    [{ ansible_port: 2222 }, { ...plain, port: 2222 }],
    [{ ansible_port: '2222' }, { ...plain, port: 2222 }],
    [{ ansible_user: 'admin' }, { ...plain, user: 'admin' }],
    [{ ansible_ssh_private_key_file: '~/k' }, { ...keyed, privateKeyFile: join(home, 'k') }],
    [{ ansible_private_key_file: '/k' }, { ...keyed, privateKeyFile: '/k' }],
    [{ ansible_password: secret('open sesame') }, { ...plain, password: 'open sesame' }],
    [{ ansible_ssh_pass: 'tarantella' }, { ...plain, password: 'tarantella' }],
    [{ ansible_host_key_checking: false }, { ...plain, hostKeyChecking: false }],
    [{ ansible_host_key_checking: 'no' }, { ...plain, hostKeyChecking: false }],
    [{ ansible_ssh_timeout: 3 }, { ...plain, connectTimeout: 3000 }],
    [{ ansible_connection: 'smart' }, plain],
    [
      { ansible_ssh_common_args: `-o StrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null` },
      {
        ...plain,
        hostKeyChecking: false,
        knownHostsFiles: ['/dev/null', '/etc/ssh/ssh_known_hosts'],
      },
    ],
    [
      { ansible_ssh_common_args: `-o 'ProxyJump=a@b:22,c' -o "ConnectTimeout 4"` },
      { ...plain, proxyJump: ['a@b:22', 'c'], connectTimeout: 4000 },
    ],
    [{ ansible_ssh_common_args: '-o ConnectTimeout=0' }, plain],
    [
      {
        ansible_ssh_common_args: '-J first',
        ansible_ssh_extra_args: '-J second -o proxyjump=none',
      },
      { ...plain, proxyJump: ['first'] },
    ],
    [{ ansible_ssh_args: '-o StrictHostKeyChecking=no', ansible_host_key_checking: true }, plain],
  ]
  for (const [vars, expected] of cases)
    t.strictSame(connectionSettings(host(vars)), expected, JSON.stringify(vars))
  t.equal(redact('a tarantella'), 'a ***', 'a password is known as a secret')

  const defaults = { user: 'cli', port: 1, connectTimeout: 5, privateKeyFile: '/cli' }
  t.strictSame(connectionSettings(host({ ansible_port: 2 }), defaults), {
    ...keyed,
    ...defaults,
    port: 2,
  })
  t.match(
    connectionSettings(host({ ansible_connection: 'ansible.builtin.local', ansible_host: 'x' })),
    {
      kind: 'local',
      address: 'localhost',
    },
  )
})

t.test('connectionSettings() refuses what it cannot use', async (t) => {
  const args = 'ansible_ssh_common_args'
  const cases: readonly (readonly [variable: string, value: unknown, message: string])[] = [
    ['ansible_connection', 'winrm', '"winrm" is not supported'],
    ['ansible_host', 7, 'it is a number, not a text in quotes'],
    ['ansible_host', '', 'it is an empty text, not a text in quotes'],
    ['ansible_host', ['a'], 'it is a list, not a text in quotes'],
    ['ansible_port', 'ssh', 'it is another text, not a whole number from 1 to 65535'],
    ['ansible_port', 0, 'it is a number, not a whole number from 1 to 65535'],
    ['ansible_port', 22.5, 'it is a number, not a whole number from 1 to 65535'],
    ['ansible_ssh_port', 70_000, 'it is a number, not a whole number from 1 to 65535'],
    ['ansible_user', { a: 1 }, 'it is a mapping, not a text in quotes'],
    ['ansible_password', 4711, 'it is a number, not a text in quotes'],
    ['ansible_host_key_checking', 'maybe', 'it is another text, not true or false'],
    ['ansible_ssh_timeout', 0, 'it is a number, not a whole number from 1 to 3600'],
    [args, '-o ProxyCommand=nc', '"-o ProxyCommand=nc" is not supported'],
    [args, '-C', '"-C" is not supported'],
    [args, '-o', '"-o" lacks its value'],
    [args, '-o StrictHostKeyChecking=perhaps', 'StrictHostKeyChecking "perhaps" is none of'],
    [args, '-o ConnectTimeout=soon', 'ConnectTimeout "soon" is not in seconds'],
  ]
  for (const [variable, value, message] of cases)
    t.throws(
      () => connectionSettings(host({ [variable]: value })),
      {
        code: 'VARIABLE_INVALID',
        host: 'web1',
        place: { file: '/inventory/hosts.yml', line: 7 },
        message: `Cannot use "${variable}" of "web1": ${message}`,
        hint: /./,
      },
      `${variable}: ${JSON.stringify(value)}`,
    )
})

t.test('connectionSettings() asks ~/.ssh/config', async (t) => {
  t.teardown(() => rmSync(config, { force: true }))
  writeConfig(`
Host web*
  HostName %h.example.org
  Port 2200
  IdentityFile ~/.ssh/web
  IdentityFile %d/keys/%r@%h
Host web1
  User deploy
  ProxyJump gate
  UserKnownHostsFile ~/.ssh/web_hosts
  StrictHostKeyChecking no
  ConnectTimeout 3
Host gate
  HostName 192.0.2.9
  User jumper
  Port 2022
  IdentityFile /keys/gate
Host *
  User nobody
`)
  const found: ConnectionSettings = {
    ...plain,
    address: 'web1.example.org',
    port: 2200,
    user: 'deploy',
    identityFiles: [join(home, '.ssh/web'), join(home, 'keys/deploy@web1.example.org')],
    knownHostsFiles: [join(userInfo().homedir, '.ssh/web_hosts'), '/etc/ssh/ssh_known_hosts'],
    hostKeyChecking: false,
    connectTimeout: 3000,
    proxyJump: ['gate'],
  }
  t.strictSame(connectionSettings(host({})), found)
  t.strictSame(connectionSettings(host({ ansible_user: 'me', ansible_port: 22 })), {
    ...found,
    user: 'me',
    port: 22,
  })
  t.match(connectionSettings(host({ ansible_host: '192.0.2.1' })), {
    address: '192.0.2.1',
    user: 'nobody',
  })
  t.match(connectionSettings(host({ ansible_host: 'web1' }, 'other')), {
    name: 'other',
    user: 'deploy',
  })

  t.match(jumpSettings('gate', found), {
    name: 'gate',
    address: '192.0.2.9',
    port: 2022,
    user: 'jumper',
    identityFiles: [...found.identityFiles!, '/keys/gate'],
    hostKeyChecking: false,
    proxyJump: [],
  })
  t.match(jumpSettings('me@[2001:db8::1]:23', found), {
    address: '2001:db8::1',
    user: 'me',
    port: 23,
  })

  writeConfig('Host web1\n  ProxyCommand nc %h %p\n')
  t.throws(() => connectionSettings(host({})), {
    code: 'VARIABLE_INVALID',
    message: `Cannot use "${config}" for "web1": ProxyCommand is not supported`,
    place: { file: config },
  })
  writeConfig('Host web1\n  Bogus yes\n')
  t.throws(() => connectionSettings(host({})), {
    code: 'VARIABLE_INVALID',
    message: /Bad configuration option: bogus/,
    place: { file: config, line: 2 },
  })
  t.match(connectionSettings(host({ ansible_connection: 'local' })), { kind: 'local' })
})

t.test('becomeSettings() reads Ansible variables', async (t) => {
  t.strictSame(becomeSettings(host({})), { user: 'root' })
  t.strictSame(becomeSettings(host({ ansible_become_user: 'db', ansible_become_method: 'sudo' })), {
    user: 'db',
  })
  for (const name of ['ansible_become_password', 'ansible_become_pass'])
    t.strictSame(becomeSettings(host({ [name]: secret('rumpelstilz') })), {
      user: 'root',
      password: 'rumpelstilz',
    })
  becomeSettings(host({ ansible_become_password: 'oberon-titania' }))
  t.equal(redact('oberon-titania'), '***')
  for (const vars of [
    { ansible_become_method: 'su' },
    { ansible_become_flags: '-n' },
    { ansible_become_exe: '/bin/doas' },
    { ansible_become_user: 0 },
    { ansible_become_password: 123 },
  ])
    t.throws(
      () => becomeSettings(host(vars)),
      { code: 'VARIABLE_INVALID', place: { line: 7 } },
      JSON.stringify(vars),
    )
})
