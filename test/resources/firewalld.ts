import t from 'tap'
import { firewalldPolicy, type FirewalldRule } from '../../lib/resources/firewalldPolicy.js'
import { zoneWithoutSsh } from '../../lib/resources/firewalld/keeps-ssh.js'
import { frame } from '../../lib/resources/firewalld/present.js'
import {
  inSource,
  isSource,
  readRichRule,
  richRule,
  ruleTitle,
} from '../../lib/resources/firewalld/rule.js'
import { policyXml, readSettings } from '../../lib/resources/firewalld/settings.js'
import {
  firewalld,
  type FirewalldState,
  type RuntimePolicy,
} from '../../lib/resources/probes/firewalld.js'
import { planOf } from '../fixtures/ask.js'

const database: FirewalldRule = { port: 3306, source: '192.0.2.12' }
const web: FirewalldRule = { service: 'http' }

t.test('rules read what they write', (t) => {
  const rules: readonly (readonly [FirewalldRule, string, string])[] = [
    [
      database,
      'rule family="ipv4" source address="192.0.2.12" port port="3306" protocol="tcp" accept',
      '3306/tcp from 192.0.2.12',
    ],
    [
      { port: '4444-4450', protocol: 'udp', source: '2001:DB8:0::/48' },
      'rule family="ipv6" source address="2001:db8::/48" port port="4444-4450" protocol="udp" accept',
      '4444-4450/udp from 2001:db8::/48',
    ],
    [web, 'rule service name="http" accept', 'http from anywhere'],
    [
      { service: 'http', source: '192.0.2.12/32' },
      'rule family="ipv4" source address="192.0.2.12" service name="http" accept',
      'http from 192.0.2.12',
    ],
  ]
  for (const [rule, text, title] of rules) {
    t.equal(richRule(rule), text)
    t.equal(ruleTitle(rule), title)
    const read = readRichRule(text)
    t.equal(read && richRule(read), text)
  }
  const xml = policyXml(
    frame,
    rules.map(([rule]) => rule),
  )
  const { rules: read, others, ingress, egress, attributes } = readSettings(xml)
  t.same(
    read.map(richRule),
    rules.map(([, text]) => text),
  )
  t.same([others, ingress, egress], [[], ['ANY'], ['HOST']])
  t.same(attributes, { priority: '100', target: 'CONTINUE' })
  t.end()
})

t.test('rules that say more or something else are not taken for ours', (t) => {
  for (const text of [
    'rule port port="22" protocol="tcp" drop',
    'rule family="ipv4" port port="22" protocol="tcp" accept',
    'rule priority="5" service name="ssh" accept',
    'rule family="ipv4" source NOT address="192.0.2.1" service name="ssh" accept',
    'rule service name="ssh" log prefix="x" accept',
    'rule service name="ssh" accept limit value="1/m"',
    'rule port port="22" protocol="sctp" accept',
  ])
    t.equal(readRichRule(text), undefined, text)
  const zone = readSettings(`<?xml version="1.0"?>
    <zone target="DROP"><!-- <service name="hidden"/> -->
      <short>a</short><description/>
      <interface name='eth1'/><source address="192.0.2.0/24"/><source mac="00:11:22:33:44:55"/>
      <service name="ssh"/><port protocol="tcp" port="80"/><port protocol="sctp" port="81"/>
      <rule><service name="http"/><log prefix="web"/><accept/></rule>
      <rule family="ipv4"><port protocol="tcp" port="1-9"/><source address="192.0.2.1"/><accept/></rule>
      <rule family="ipv4"><source address="192.0.2.1" invert="yes"/><service name="http"/><accept/></rule>
      <forward/>
    </zone>`)
  t.same(zone.attributes, { target: 'DROP' })
  t.same([zone.interfaces, zone.sources], [['eth1'], ['192.0.2.0/24']])
  t.same(zone.plain.map(ruleTitle), ['ssh from anywhere', '80/tcp from anywhere'])
  t.same(zone.rules.map(ruleTitle), ['1-9/tcp from 192.0.2.1'])
  t.same(zone.others, [
    '<forward/>',
    '<rule><service name="http"/><log prefix="web"/><accept/></rule>',
    '<rule family="ipv4"><source address="192.0.2.1" invert="yes"/><service name="http"/><accept/></rule>',
  ])
  t.end()
})

t.test('sources are addresses and networks', (t) => {
  for (const source of ['192.0.2.1', '192.0.2.0/24', '2001:db8::1', '::/0'])
    t.ok(isSource(source), source)
  for (const source of ['', 'db1', '192.0.2', '192.0.2.0/33', '192.0.2.0/24/1', '192.0.2.0/x'])
    t.notOk(isSource(source), source)
  t.ok(inSource('192.0.2.9', '192.0.2.0/24'))
  t.ok(inSource('192.0.2.9', '0.0.0.0/0'))
  t.ok(inSource('2001:db8::9', '2001:db8::/64'))
  for (const source of ['192.0.3.0/24', '192.0.2.1', '::/0', 'ipset:trusted'])
    t.notOk(inSource('192.0.2.9', source), source)
  t.end()
})

t.test('firewalld() reads what a host says', (t) => {
  const key = { policy: 'hostwright', services: ['http', 'nothing'] }
  const { kind } = firewalld(key)
  const head = [
    'ssh 192.0.2.1 50412 192.0.2.11 2222',
    'route 192.0.2.1 dev eth0 src 192.0.2.11 uid 0 \\    cache ',
    '/etc/firewalld/services/shell.xml',
  ]
  const files = [
    '/etc/firewalld/firewalld.conf:# DefaultZone=drop',
    '/etc/firewalld/firewalld.conf:DefaultZone=work',
    '/usr/lib/firewalld/zones/work.xml:<zone/>',
    '/etc/firewalld/zones/work.xml:<zone>',
    '/etc/firewalld/zones/work.xml:</zone>',
    '/etc/firewalld/policies/hostwright.xml:<policy/>',
  ]
  const read = (...lines: readonly string[]) =>
    kind.parse(Buffer.from(`${lines.join('\n')}\n`), [key as never])[0]
  const said =
    'policy hostwright {"type":"a{sv}","data":[{"target":{"type":"s","data":"CONTINUE"},"masquerade":{"type":"b","data":false},"ports":{"type":"a(ss)","data":[["9000","tcp"]]},"rich_rules":{"type":"as","data":["rule service name=\\"http\\" accept"]},"priority":{"type":"i","data":100},"ingress_zones":{"type":"as","data":["ANY"]},"egress_zones":{"type":"as","data":["HOST"]}}]}'
  t.same(read(...head, 'installed', 'missing nothing', said, ...files), {
    installed: true,
    running: true,
    permanent: '<policy/>\n',
    runtime: {
      ...frame,
      rules: ['rule service name="http" accept'],
      others: ['ports [["9000","tcp"]]'],
    },
    missing: ['nothing'],
    defaultZone: 'work',
    zones: { work: '<zone>\n</zone>\n' },
    ssh: { client: '192.0.2.1', port: 2222, interface: 'eth0', services: ['shell'] },
  })
  const absent = 'policy hostwright Call failed: Name "org.fedoraproject.FirewallD1" does not exist'
  t.match(read('ssh ', 'route ', absent), {
    installed: false,
    running: false,
    permanent: null,
    runtime: null,
    defaultZone: 'public',
    ssh: null,
  })
  t.match(read('ssh ', 'route ', 'policy hostwright Call failed: INVALID_POLICY: hostwright'), {
    running: true,
    runtime: null,
  })
  for (const text of ['Call failed: Access denied', 'sh: 1: busctl: not found'])
    t.throws(() => read('ssh ', 'route ', `policy hostwright ${text}`), { code: 'TASK_FAILED' })
  t.end()
})

const ssh = { client: '192.0.2.1', port: 22, interface: 'eth0', services: ['ssh'] }
const bare: FirewalldState = {
  installed: true,
  running: false,
  permanent: null,
  runtime: null,
  missing: [],
  defaultZone: 'public',
  zones: { public: '<zone><service name="ssh"/></zone>' },
  ssh,
}

const used = (...rules: readonly FirewalldRule[]): RuntimePolicy => ({
  ...frame,
  rules: rules.map(richRule),
  others: [],
})
const written = (...rules: readonly FirewalldRule[]): string => policyXml(frame, rules)

t.test('firewalldPolicy() plans for file and running firewalld', (t) => {
  const cases: readonly {
    readonly name: string
    readonly now: Partial<FirewalldState>
    readonly rules: readonly FirewalldRule[]
    readonly changes: readonly string[]
    /** What the steps do: write the file, set the rules, reload. */
    readonly steps: readonly string[]
  }[] = [
    {
      name: 'no firewalld yet',
      now: { installed: false, zones: {} },
      rules: [database],
      changes: ['3306/tcp from 192.0.2.12: closed → open'],
      steps: ['write'],
    },
    {
      name: 'it runs, without the policy',
      now: { running: true },
      rules: [database],
      changes: ['3306/tcp from 192.0.2.12: closed → open'],
      steps: ['write', 'reload'],
    },
    {
      name: 'all is so',
      now: { running: true, permanent: written(web, database), runtime: used(database, web) },
      rules: [database, web],
      changes: [],
      steps: [],
    },
    {
      name: 'nothing is wished and nothing is there',
      now: { running: true },
      rules: [],
      changes: [],
      steps: [],
    },
    {
      name: 'a rule goes, another comes',
      now: { running: true, permanent: written(database), runtime: used(database) },
      rules: [web],
      changes: ['3306/tcp from 192.0.2.12: open → closed', 'http from anywhere: closed → open'],
      steps: ['write', 'set'],
    },
    {
      name: 'all rules go',
      now: { running: true, permanent: written(database), runtime: used(database) },
      rules: [],
      changes: ['3306/tcp from 192.0.2.12: open → closed'],
      steps: ['write', 'set'],
    },
    {
      name: 'only the running one differs',
      now: { running: true, permanent: written(database), runtime: used() },
      rules: [database],
      changes: ['3306/tcp from 192.0.2.12: closed until firewalld reloads → open'],
      steps: ['set'],
    },
    {
      name: 'only the file differs',
      now: { running: true, permanent: written(), runtime: used(database) },
      rules: [database],
      changes: ['3306/tcp from 192.0.2.12: open until firewalld reloads → open'],
      steps: ['write'],
    },
    {
      name: 'the running one has never read the file',
      now: { running: true, permanent: written(database) },
      rules: [database],
      changes: ['3306/tcp from 192.0.2.12: closed until firewalld reloads → open'],
      steps: ['reload'],
    },
    {
      name: 'somebody has changed more than rules',
      now: {
        running: true,
        permanent: written(database).replace('100', '-1'),
        runtime: { ...used(database), others: ['ports [["9000","tcp"]]'] },
      },
      rules: [database],
      changes: [
        'policy: from ANY to HOST, priority -1, target CONTINUE → from ANY to HOST, priority 100, target CONTINUE',
        'ports [["9000","tcp"]]: present → absent',
      ],
      steps: ['write', 'reload'],
    },
    {
      name: 'SSH comes in by a rule that goes, and the zone lets it in',
      now: {
        running: true,
        permanent: written({ port: 22 }),
        runtime: used({ port: 22 }),
      },
      rules: [],
      changes: ['22/tcp from anywhere: open → closed'],
      steps: ['write', 'reload'],
    },
  ]
  for (const { name, now, rules, changes, steps } of cases) {
    const policy = firewalldPolicy({ name: 'hostwright', rules })
    const [query] = policy.type.reads(policy.wish as never)
    const state = { ...bare, ...now }
    const plan = planOf(policy, [[query!, state]])
    t.same(
      plan.changes.map(({ property, from, to }) => `${property}: ${from} → ${to}`),
      changes,
      name,
    )
    t.same(
      plan.steps.map(({ script }) =>
        script.includes('mv -fT') ? 'write' : script.includes('--reload') ? 'reload' : 'set',
      ),
      steps,
      name,
    )
    const [, after] = plan.effects?.becomes?.[0] ?? [query, state]
    t.same(planOf(policy, [[query!, after]]).changes, [], `${name}: nothing is left to do`)
  }
  t.end()
})

t.test('SSH stays', (t) => {
  const zones = {
    public: '<zone/>',
    office: '<zone><source address="192.0.2.0/28"/><port port="20-30" protocol="tcp"/></zone>',
  }
  const cases: readonly (readonly [string, Partial<FirewalldState>, FirewalldRule[], string?])[] = [
    ['the default zone has it', {}, []],
    ['the default zone has it not', { zones: { public: '<zone/>' } }, [], 'public'],
    ['no SSH, nothing to lose', { zones: { public: '<zone/>' }, ssh: null }, []],
    ['not installed yet', { installed: false, zones: {} }, []],
    [
      'not installed yet, another port',
      { installed: false, zones: {}, ssh: { ...ssh, port: 2222 } },
      [],
      'public',
    ],
    ['another port', { ssh: { ...ssh, port: 2222, services: [] } }, [], 'public'],
    ['a rule has it', { zones: { public: '<zone/>' } }, [{ port: 22, source: '192.0.2.0/24' }]],
    [
      'a rule for others',
      { zones: { public: '<zone/>' } },
      [{ port: 22, source: '192.0.2.2' }],
      'public',
    ],
    ['a rule for udp', { zones: { public: '<zone/>' } }, [{ port: 22, protocol: 'udp' }], 'public'],
    ['a rule for the service', { zones: { public: '<zone/>' } }, [{ service: 'ssh' }]],
    ['the zone of the client', { zones }, []],
    ['the zone of another client', { zones, ssh: { ...ssh, client: '192.0.2.99' } }, [], 'public'],
    [
      'the zone of the interface',
      { zones: { ...bare.zones, outside: '<zone><interface name="eth0"/></zone>' } },
      [],
      'outside',
    ],
    ['a zone that accepts all', { zones: { public: '<zone target="ACCEPT"/>' } }, []],
  ]
  for (const [name, now, rules, zone] of cases) {
    const state = { ...bare, ...now }
    t.equal(zoneWithoutSsh(state, rules), zone, name)
    const policy = firewalldPolicy({ name: 'hostwright', rules })
    const [query] = policy.type.reads(policy.wish as never)
    const plan = () => planOf(policy, [[query!, state]])
    if (zone === undefined) t.doesNotThrow(plan, name)
    else t.throws(plan, { code: 'TASK_FAILED', message: new RegExp(`zone "${zone}" lets it in`) })
  }
  t.end()
})

t.test('firewalldPolicy() refuses what can not be', (t) => {
  const rules = [] as const
  for (const options of [
    { name: 'a policy', rules },
    { name: '', rules },
    { name: 'nineteen-characters', rules },
    { name: 'web', rules: [{ port: 0 }] },
    { name: 'web', rules: [{ port: 65_536 }] },
    { name: 'web', rules: [{ port: '90-80' }] },
    { name: 'web', rules: [{ port: '80;true' }] },
    { name: 'web', rules: [{ service: '../zones/public' }] },
    { name: 'web', rules: [{ port: 80, source: 'db1' }] },
  ])
    t.throws(() => firewalldPolicy(options), { code: 'PARAMETER_INVALID' }, JSON.stringify(options))
  const policy = firewalldPolicy({ name: 'web', rules: [{ service: 'nothing' }] })
  const [query] = policy.type.reads(policy.wish as never)
  t.throws(() => planOf(policy, [[query!, { ...bare, missing: ['nothing'] }]]), {
    code: 'TASK_FAILED',
    message: 'Cannot use policy "web": firewalld knows no service "nothing"',
  })
  t.end()
})
