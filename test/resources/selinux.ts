import t from 'tap'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { file, seboolean, sefcontext, selinuxModule, seport } from '../../lib/resources/index.js'
import * as probes from '../../lib/resources/probes/index.js'
import type { Query, Resource } from '../../lib/resources/types.js'
import { askHere, planOf, type Given } from '../fixtures/ask.js'
import { localInventory, testRun } from '../fixtures/run.js'

interface Case {
  readonly name: string
  readonly resource: Resource
  readonly given: Given
  /** `property: from → to`. */
  readonly changes?: readonly string[]
  readonly script?: string
  readonly input?: string
  readonly skipped?: string
  readonly error?: { readonly message: string; readonly hint: string }
}

const enabled = [
  probes.selinux(),
  { status: 'enabled', mode: 'enforcing', policy: 'targeted' },
] as const
const disabled = [probes.selinux(), { status: 'disabled', mode: null, policy: null }] as const

const connect = probes.seboolean('httpd_can_network_connect')
const port = probes.seport({ port: '3307', protocol: 'tcp' })
const www = probes.sefcontext({ target: '/srv/www(/.*)?', files: 'all files', restore: '/srv/www' })
const cil = '(allow t t2 (file (read)))\n'
const label = { target: '/srv/www(/.*)?', setype: 'httpd_sys_content_t', restore: '/srv/www' }
const mysql = { port: 3307, setype: 'mysqld_port_t' }
const restore = "[ ! -e '/srv/www' ] || restorecon -R -- '/srv/www'"

const cases: readonly Case[] = [
  {
    name: 'seboolean() does nothing when it is so',
    resource: seboolean({ name: 'httpd_can_network_connect', value: true }),
    given: [enabled, [connect, { running: true, persistent: true }]],
  },
  {
    name: 'seboolean() sets it now and for good',
    resource: seboolean({ name: 'httpd_can_network_connect', value: true }),
    given: [enabled, [connect, { running: false, persistent: false }]],
    changes: ['running: off → on', 'persistent: off → on'],
    script: "setsebool -P 'httpd_can_network_connect' on",
  },
  {
    name: 'seboolean() sets what the next boot would lose',
    resource: seboolean({ name: 'httpd_can_network_connect', value: false }),
    given: [enabled, [connect, { running: false, persistent: true }]],
    changes: ['persistent: on → off'],
    script: "setsebool -P 'httpd_can_network_connect' off",
  },
  {
    name: 'seboolean() refuses a boolean that the policy does not have',
    resource: seboolean({ name: 'httpd_can_network_connect', value: true }),
    given: [enabled, [connect, null]],
    error: {
      message: 'Cannot set boolean "httpd_can_network_connect": the policy has no such boolean',
      hint: 'semanage boolean -l lists them',
    },
  },
  {
    name: 'seboolean() says which package is missing',
    resource: seboolean({ name: 'httpd_can_network_connect', value: true }),
    given: [enabled, [connect, 'lacking']],
    error: {
      message:
        'Cannot manage boolean "httpd_can_network_connect": semanage is not installed on the host',
      hint: 'Install the package policycoreutils-python-utils before it',
    },
  },
  ...[
    seboolean({ name: 'httpd_can_network_connect', value: true }),
    seport(mysql),
    sefcontext(label),
    selinuxModule({ name: 'acme-mirror', cil }),
  ].map((resource) => ({
    name: `${resource.type.name}() is skipped without SELinux`,
    resource,
    given: [disabled],
    skipped: 'SELinux is disabled on the host',
  })),
  {
    name: 'seport() does nothing when the host says so',
    resource: seport(mysql),
    given: [enabled, [port, { local: 'mysqld_port_t', policy: 'unreserved_port_t' }]],
  },
  {
    name: 'seport() does nothing when the policy says so',
    resource: seport(mysql),
    given: [enabled, [port, { local: null, policy: 'mysqld_port_t' }]],
  },
  {
    name: 'seport() adds what nothing is said of',
    resource: seport(mysql),
    given: [enabled, [port, { local: null, policy: null }]],
    changes: ['setype: none → mysqld_port_t'],
    script: "semanage port -a -t 'mysqld_port_t' -p tcp '3307'",
  },
  {
    name: 'seport() modifies what the host says otherwise',
    resource: seport(mysql),
    given: [enabled, [port, { local: 'http_port_t', policy: 'mysqld_port_t' }]],
    changes: ['setype: http_port_t → mysqld_port_t'],
    script: "semanage port -m -t 'mysqld_port_t' -p tcp '3307'",
  },
  {
    name: 'seport() modifies what the policy says otherwise, of a range too',
    resource: seport({ port: '5000-5010', protocol: 'udp', setype: 'http_port_t' }),
    given: [
      enabled,
      [
        probes.seport({ port: '5000-5010', protocol: 'udp' }),
        { local: null, policy: 'commplex_main_port_t' },
      ],
    ],
    changes: ['setype: commplex_main_port_t → http_port_t'],
    script: "semanage port -m -t 'http_port_t' -p udp '5000-5010'",
  },
  {
    name: 'seport() takes away what the host says',
    resource: seport({ ...mysql, state: 'absent' }),
    given: [enabled, [port, { local: 'mysqld_port_t', policy: null }]],
    changes: ['setype: mysqld_port_t → none'],
    script: "semanage port -d -p tcp '3307'",
  },
  {
    name: 'seport() leaves what the policy says, and another type',
    resource: seport({ ...mysql, state: 'absent' }),
    given: [enabled, [port, { local: 'http_port_t', policy: 'mysqld_port_t' }]],
  },
  {
    name: 'sefcontext() does nothing when all is so',
    resource: sefcontext(label),
    given: [enabled, [www, { local: 'httpd_sys_content_t', policy: null, mislabeled: 0 }]],
  },
  {
    name: 'sefcontext() adds a rule and labels what is there',
    resource: sefcontext(label),
    given: [enabled, [www, { local: null, policy: null, mislabeled: 0 }]],
    changes: ['setype: none → httpd_sys_content_t'],
    script: `semanage fcontext -a -t 'httpd_sys_content_t' -f a '/srv/www(/.*)?' || exit\n${restore}`,
  },
  {
    name: 'sefcontext() modifies a rule of the policy',
    resource: sefcontext(label),
    given: [enabled, [www, { local: null, policy: 'usr_t', mislabeled: 2 }]],
    changes: ['setype: usr_t → httpd_sys_content_t', 'labels: 2 wrong → right'],
    script: `semanage fcontext -m -t 'httpd_sys_content_t' -f a '/srv/www(/.*)?' || exit\n${restore}`,
  },
  {
    name: 'sefcontext() labels files that were moved in',
    resource: sefcontext(label),
    given: [enabled, [www, { local: 'httpd_sys_content_t', policy: null, mislabeled: 3 }]],
    changes: ['labels: 3 wrong → right'],
    script: restore,
  },
  {
    name: 'sefcontext() leaves labels alone where it is not asked to look',
    resource: sefcontext({ target: '/srv/x', setype: 'etc_t', ftype: 'f' }),
    given: [
      enabled,
      [
        probes.sefcontext({ target: '/srv/x', files: 'regular file' }),
        { local: null, policy: null, mislabeled: 0 },
      ],
    ],
    changes: ['setype: none → etc_t'],
    script: "semanage fcontext -a -t 'etc_t' -f f '/srv/x' || exit",
  },
  {
    name: 'sefcontext() takes a rule away',
    resource: sefcontext({ ...label, state: 'absent' }),
    given: [enabled, [www, { local: 'httpd_sys_content_t', policy: 'usr_t', mislabeled: 0 }]],
    changes: ['setype: httpd_sys_content_t → usr_t'],
    script: `semanage fcontext -d -f a '/srv/www(/.*)?' || exit\n${restore}`,
  },
  {
    name: 'selinuxModule() does nothing when its rules are these',
    resource: selinuxModule({ name: 'acme-mirror', cil }),
    given: [enabled, [probes.selinuxModule('acme-mirror'), { cil }]],
  },
  {
    name: 'selinuxModule() installs from standard input',
    resource: selinuxModule({ name: 'acme-mirror', cil }),
    given: [enabled, [probes.selinuxModule('acme-mirror'), null]],
    changes: ['state: absent → present'],
    script:
      'tmp=$(mktemp -d) || exit\ntrap \'rm -rf -- "$tmp"\' EXIT\ncat >"$tmp/acme-mirror.cil" && semodule -i "$tmp/acme-mirror.cil"',
    input: cil,
  },
  {
    name: 'selinuxModule() replaces other rules',
    resource: selinuxModule({ name: 'acme-mirror', cil }),
    given: [enabled, [probes.selinuxModule('acme-mirror'), { cil: '; none\n' }]],
    changes: ['state: other rules → these'],
    script: '',
    input: cil,
  },
  {
    name: 'selinuxModule() removes',
    resource: selinuxModule({ name: 'acme-mirror', state: 'absent' }),
    given: [enabled, [probes.selinuxModule('acme-mirror'), { cil }]],
    changes: ['state: present → absent'],
    script: "semodule -r 'acme-mirror'",
  },
]

for (const { name, resource, given, changes = [], script, input, skipped, error } of cases)
  t.test(name, (t) => {
    if (error) {
      t.throws(() => planOf(resource, given), { code: 'TASK_FAILED', ...error })
      return t.end()
    }
    const plan = planOf(resource, given)
    t.strictSame(
      plan.changes.map((change) => `${change.property}: ${change.from} → ${change.to}`),
      changes,
    )
    t.equal(plan.steps.length, script === undefined ? 0 : 1)
    if (script !== undefined && script !== '') t.equal(plan.steps[0]?.script, script)
    if (input !== undefined) t.equal(String(plan.steps[0]?.input), input)
    t.equal(plan.skipped, skipped)
    for (const step of plan.steps)
      t.equal(spawnSync('sh', ['-n'], { input: step.script }).status, 0, 'it is a script of sh')
    // What is planned is what it says of itself afterwards.
    const after = new Map(given.map(([query, answer]) => [query.id, [query, answer] as const]))
    for (const [query, answer] of plan.effects?.becomes ?? [])
      after.set(query.id, [query, answer] as const)
    t.strictSame(planOf(resource, [...after.values()]).steps, [])
    t.end()
  })

t.test('a file that is written keeps its label, and a new one gets its own', (t) => {
  const folder = t.testdir({ old: 'before' })
  const entry = { type: 'file', mode: '0644', owner: 'root', group: 'root', size: 6 }
  const given = (path: string, now: object): Given => [
    [probes.identity(), { user: 'root', group: 'root' }],
    [probes.stat(folder), { ...entry, type: 'directory', mode: '0755' }],
    [probes.stat(path), now],
    [probes.sha256(path), '0'.repeat(64)],
    [probes.content(path), Buffer.from('before')],
  ]
  // A mount of this process alone stands in for the kernel's file system, and what prints its arguments
  // for the programs that need it.
  const fakes = `mount -t tmpfs tmpfs /sys/fs && mkdir /sys/fs/selinux && echo 1 >/sys/fs/selinux/enforce || exit
    chcon() { echo "chcon $1"; }
    mv() { echo "mv $1"; command mv -fT -- "$3" "$4"; }
  `
  const written = (name: string, now: object) => {
    const path = join(folder, name)
    const [step] = planOf(file({ path, content: 'after' }), given(path, now)).steps
    const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', fakes + step?.script], {
      input: String(step?.input),
    })
    t.equal(String(stderr), '')
    t.equal(readFileSync(path, 'utf8'), 'after')
    return String(stdout)
  }
  t.equal(written('old', entry), `chcon --reference=${join(folder, 'old')}\nmv -fT\n`)
  t.equal(written('new', { type: 'absent' }), 'mv -fTZ\n')
  t.end()
})

/** What the programs print, in the forms of their manual pages and of semanage's own formats. */
const said: readonly {
  readonly name: string
  readonly ask: readonly Query[]
  readonly said: string
  readonly answers: unknown
}[] = [
  {
    name: 'selinux() reads what kernel and configuration say',
    ask: [probes.selinux()],
    said: '0 targeted\n',
    answers: [{ status: 'enabled', mode: 'permissive', policy: 'targeted' }],
  },
  {
    name: 'selinux() reads a host that has a policy and has it off',
    ask: [probes.selinux()],
    said: '- mls\n',
    answers: [{ status: 'disabled', mode: null, policy: 'mls' }],
  },
  {
    name: 'seboolean() reads what is now and what will be',
    ask: ['ftp_home_dir', 'httpd_can_network_connect', 'httpd_can'].map(probes.seboolean),
    said: `has
ftp_home_dir                   (off  ,   on)  Allow ftp to home dir
httpd_can_network_connect      (on   ,   on)  Allow httpd to can network connect
`,
    answers: [{ running: false, persistent: true }, { running: true, persistent: true }, null],
  },
  {
    name: 'seport() reads ports and ranges, the host before the policy',
    ask: [
      { port: '80', protocol: 'tcp' },
      { port: '8008-8010', protocol: 'tcp' },
      { port: '3307', protocol: 'tcp' },
      { port: '3307', protocol: 'udp' },
      { port: '8081', protocol: 'tcp' },
    ].map(probes.seport),
    said: `has
http_port_t                    tcp      80, 81, 443, 8008-8010, 8081
mysqld_port_t                  tcp      3307, 1186, 3306, 63132-63164
transproxy_port_t              tcp      8081
local
http_port_t                    tcp      8081
mysqld_port_t                  tcp      3307
`,
    answers: [
      { local: null, policy: 'http_port_t' },
      { local: null, policy: 'http_port_t' },
      { local: 'mysqld_port_t', policy: null },
      { local: null, policy: null },
      { local: 'http_port_t', policy: 'transproxy_port_t' },
    ],
  },
  {
    name: 'sefcontext() reads rules by expression and kind, and counts wrong labels',
    ask: [
      { target: '/srv/www(/.*)?', files: 'all files', restore: '/srv/www' },
      { target: '/srv/www(/.*)?', files: 'directory' },
      { target: '/run/x', files: 'socket', restore: '/run' },
      { target: '/srv/none', files: 'all files' },
    ].map(probes.sefcontext),
    said: `has
/srv/www(/.*)?                                     all files          system_u:object_r:httpd_sys_content_t:s0 
/srv/www(/.*)?                                     directory          system_u:object_r:usr_t:s0 
/srv/none                                          all files          <<None>>
local
/srv/www(/.*)?                                     all files          system_u:object_r:httpd_sys_content_t:s0 
/srv/a = /srv/www
labels 0
Would relabel /srv/www from unconfined_u:object_r:var_t:s0 to unconfined_u:object_r:httpd_sys_content_t:s0
Would relabel /srv/www/labels 1 from unconfined_u:object_r:var_t:s0 to unconfined_u:object_r:httpd_sys_content_t:s0
labels 1
labels 2
Would relabel /run/x from system_u:object_r:var_run_t:s0 to system_u:object_r:tmp_t:s0
labels 3
`,
    answers: [
      { local: 'httpd_sys_content_t', policy: null, mislabeled: 2 },
      { local: null, policy: 'usr_t', mislabeled: 0 },
      { local: null, policy: null, mislabeled: 1 },
      { local: null, policy: '<<none>>', mislabeled: 0 },
    ],
  },
  {
    name: 'selinuxModule() reads the rules of a module',
    ask: ['acme-mirror', 'other'].map(probes.selinuxModule),
    said: `has\nacme-mirror ${Buffer.from(cil).toString('base64')}\n`,
    answers: [{ cil }, null],
  },
  ...[
    probes.seboolean('a'),
    probes.seport({ port: '1', protocol: 'tcp' }),
    probes.sefcontext({ target: '/a', files: 'all files' }),
    probes.selinuxModule('a'),
  ].map((query) => ({
    name: `${query.kind.name}() says that its program is not there`,
    ask: [query],
    said: 'lacking\n',
    answers: ['lacking'],
  })),
]

for (const { name, ask, said: text, answers } of said)
  t.test(name, (t) => {
    const keys = ask.map(({ key }) => key as never)
    t.strictSame(ask[0]?.kind.parse(Buffer.from(text), keys), answers)
    const script = ask[0]?.kind.script(keys) ?? ''
    t.equal(spawnSync('sh', ['-n'], { input: script }).status, 0, 'it asks by a script of sh')
    t.end()
  })

t.test('what is no name, port or path is refused before any host is touched', (t) => {
  const refusals: readonly (readonly [() => unknown, string])[] = [
    [() => seboolean({ name: 'a b', value: true }), 'Cannot set boolean "a b": it is not a name'],
    [
      () => seboolean({ name: 'a', value: 'on' as never }),
      'Cannot set boolean "a": its value is neither true nor false',
    ],
    [
      () => seport({ port: '10-1', setype: 'a_t' }),
      'Cannot label port "10-1": it is neither a port nor a range of ports',
    ],
    [() => seport({ port: 1, setype: '-t' }), 'Cannot label port "1": "-t" is not a type'],
    [
      () => sefcontext({ target: 'srv', setype: 'a_t' }),
      'Cannot label "srv": it is not an expression of absolute paths without spaces',
    ],
    [
      () => sefcontext({ target: '/srv', setype: 'a_t', restore: 'srv' }),
      'Cannot use path to restore "srv": it is not absolute',
    ],
    [
      () => sefcontext({ target: '/srv', setype: 'a_t', ftype: 'x' as never }),
      'Cannot use ftype "x": it is not known',
    ],
    [() => selinuxModule({ name: '../a', cil }), 'Cannot use module "../a": it is not a name'],
    [() => selinuxModule({ name: 'a' }), 'Cannot use module "a": it has no rules'],
  ]
  for (const [make, message] of refusals) t.throws(make, { code: 'PARAMETER_INVALID', message })
  t.end()
})

t.test('a host without SELinux is asked nothing more, and all is skipped', async (t) => {
  const [facts] = askHere([probes.selinux()])
  if (facts?.status !== 'disabled') return void t.pass('this machine has SELinux')
  t.same(facts.mode, null)
  t.same(askHere([probes.seboolean('a')]), ['lacking'])
  const inventory = await localInventory(t, ['here'])
  const run = await testRun({ inventory }, async (play) => {
    await play('labels', { hosts: 'all' }, async (host) => {
      t.strictSame((await host.facts()).selinux, facts)
      await host.ensure([
        seboolean({ name: 'httpd_can_network_connect', value: true }),
        seport(mysql),
        sefcontext(label),
        selinuxModule({ name: 'acme-mirror', cil }),
      ])
    })
  })
  t.equal(run.thrown, undefined)
  t.strictSame(run.tasks, [
    'here seboolean httpd_can_network_connect: skipped',
    'here seport tcp 3307: skipped',
    'here sefcontext /srv/www(/.*)?: skipped',
    'here selinuxModule acme-mirror: skipped',
  ])
})
