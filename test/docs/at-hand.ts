// What a reader of an example has at hand, by the names that the examples use.
import { spawnSync } from 'node:child_process'
import * as v from 'valibot'
import {
  fact,
  file,
  firewalldPolicy,
  HostwrightError,
  mariadbDatabase,
  mariadbGtidWait,
  mariadbReplicaPosition,
  mariadbSeed,
  mariadbStatus,
  mariadbUser,
  mariadbVariables,
  role,
  secret,
  type Resource,
} from '../../lib/index.js'
import { loadInventory } from '../../lib/inventory/index.js'
import { defineLab } from '../../lib/lab/index.js'
import {
  hostKeys,
  packageFile,
  packageUpdates,
  sefcontext,
  selinux,
  selinuxModule,
  seboolean,
  seport,
  tcp,
} from '../../lib/resources/probes/index.js'
import type { Ask, Query } from '../../lib/resources/types.js'
import { fakeHost, type FakeHost } from '../../lib/testing/index.js'
import { driftTimerKey } from '../../roles/drift_timer/index.js'
import { checks, told } from '../fixtures/drift.js'

export { default as t } from 'tap'
export * as v from 'valibot'

const blob = 'AAAAC3NzaC1lZDI1NTE5AAAAIGt2bGRqYXNkZmxrYXNqZGZsa2FzamRmbGthc2pk'
export const publicKey = `ssh-ed25519 ${blob} root@alma9-c2`

/** What the client prints of one row of one value, which is the answer of a MariaDB. */
const said = `yes
<resultset statement="SELECT 0"><row><field name="hostwright_question">0</field></row></resultset>
<resultset statement="SELECT 1"><row><field name="one">1</field></row></resultset>
<errors>
`
const asks = ({ type, wish }: Resource<unknown>) => type.reads(wish as never)
const [before, state, after, databases, replicas] = asks(mariadbStatus({}))
const rows = (...of: readonly object[]) => ({ state: 'running', rows: of })
const master = rows({ File: 'binlog.000001', Position: '342' })
const gtid = '0-1-5'
export const password = secret('correct horse')
const copied = '1-1-40'

/** What the examples that ask a firewalld or a MariaDB are planned by: questions, and their answers. */
const answered = (resource: Resource<unknown>, ...answers: readonly unknown[]) =>
  asks(resource).map((query, index): readonly [Query, unknown] => [query, answers[index]])

const answers = [
  ...answered(firewalldPolicy({ name: 'database', rules: [] }), {
    installed: true,
    running: true,
    permanent: null,
    runtime: null,
    missing: [],
    defaultZone: 'public',
    zones: { public: '<zone><service name="ssh"/></zone>' },
    ssh: { client: '198.51.100.1', port: 22, interface: 'eth0', services: ['ssh'] },
  }),
  ...answered(mariadbDatabase({ name: 'acme2certifier' }), rows()),
  ...answered(
    mariadbGtidWait({ position: copied, timeout: 30_000 }),
    rows({ reached: '0', position: copied }),
    rows(),
  ),
  ...answered(mariadbReplicaPosition({ reached: '' }), rows({ position: '1-1-30' })),
  // The copy is made: a server that holds data is refused before.
  ...answered(
    mariadbSeed({ source: '', user: '', password, position: '' }),
    rows({ name: 'acme2certifier' }),
    rows({ position: copied }),
    rows(),
  ),
  ...answered(mariadbUser({ name: 'acme', privileges: {} }), rows(), {
    ...rows(),
    error: { code: 1141, message: 'There is no such grant defined' },
  }),
  ...answered(
    mariadbVariables({ values: { server_id: 1, log_slave_updates: true } }),
    rows(
      { Variable_name: 'server_id', Value: '1' },
      { Variable_name: 'log_slave_updates', Value: 'OFF' },
    ),
  ),
]

/** A host on which what the examples look for is as they say. */
export function newHost(): FakeHost {
  const listens = 'LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n'
  return fakeHost({
    name: 'alma9-c1',
    system: { defaultAddress: '198.51.100.11' },
    files: {
      '/etc/fstab': '',
      '/etc/hosts': '127.0.0.1 localhost\n',
      '/etc/motd': 'old\n',
      '/etc/ssh/sshd_config': '#PermitRootLogin yes\n',
      '/root/.ssh/id_lsyncd': 'key\n',
      '/root/.ssh/id_lsyncd.pub': 'ssh-ed25519 AAAA… root@alma9-c1\n',
    },
    directories: [
      '/etc/apt/sources.list.d',
      '/etc/nginx/sites-enabled',
      '/etc/yum.repos.d',
      '/srv/app',
    ],
    units: {
      lsyncd: { active: false, enabled: false },
      mariadb: { active: true, enabled: true },
    },
    users: { app: {} },
    commands: {
      'crm_node --quorum': '1\n',
      'ss -Hltn sport = :22': listens,
      "ss -Hltn sport = :'22'": listens,
    },
    answers: [
      [hostKeys(), [{ type: 'ssh-ed25519', key: blob }]],
      [
        packageFile('/var/cache/tool.deb'),
        { manager: 'apt', name: 'tool', version: '2', installed: '1', broken: false },
      ],
      [packageUpdates(''), { manager: 'apt', updates: [{ name: 'tzdata', from: '1', to: '2' }] }],
      [selinux(), { status: 'enabled', mode: 'enforcing', policy: 'targeted' }],
      [seboolean('httpd_can_network_connect'), { running: false, persistent: false }],
      [selinuxModule('acme-mirror'), null],
      [
        sefcontext({ target: '/srv/www(/.*)?', files: 'all files', restore: '/srv/www' }),
        { local: null, policy: null, mislabeled: 2 },
      ],
      [seport({ port: '3307', protocol: 'tcp' }), { local: null, policy: null }],
      [tcp({ port: 3306 }), 'open'],
      [before!, master],
      [after!, master],
      [state!, rows({ version: '10.11', binlogPosition: gtid, binlogState: gtid })],
      [databases!, rows({ name: 'acme2certifier' })],
      [replicas!, rows()],
      ...answers,
    ],
    peers: {
      db2: {
        vars: { ansible_host: '198.51.100.14' },
        facts: [[fact<string>('mariadb.position'), gtid]],
      },
      'alma9-c2': { vars: { ansible_host: '198.51.100.12' } },
      controller1: { vars: { ansible_host: '198.51.100.13' }, facts: [[driftTimerKey, publicKey]] },
    },
  })
}

export const port = 22
export const passphrase = secret('battery staple')
export const key = '/usr/share/keyrings/example.gpg'

export const sources = ['web1,web2']
export const inventory = await loadInventory({
  sources: [],
  data: { hosts: { web1: { ansible_connection: 'local' } } },
})
export const inventoryHost = inventory.hosts.get('web1')!
export const lab = defineLab({ name: 'hand', subnet: '198.51.100.0/24', hosts: { one: {} } })

export const motd = role({
  name: 'motd',
  params: v.object({ text: v.string() }),
  run: async (on, { text }) => void (await on.ensure(file({ path: '/etc/motd', content: text }))),
})

export const host = newHost()
export const place = { file: 'inventories/lab/hosts.yml', line: 3 }
export const error = new HostwrightError(
  'COMMAND_FAILED',
  'Cannot run "apt-get": exit status 100',
  { host: 'c1' },
)

const series = checks()
series.next([told({ changes: ['mode'] })])
export const records = series.records

/** Asks this machine; a MariaDB has been asked before. */
export const ask: Ask = Object.assign(
  <Answer>({ kind, key: about }: Query<Answer>): Answer => {
    if (kind.name === 'mariadb') return kind.parse(Buffer.from(said), [about as never])[0]!
    const script = kind.script([about as never])
    const { stdout } = spawnSync('sh', ['-c', script])
    return kind.parse(stdout, [about as never])[0]!
  },
  { maybe: <Answer>(query: Query<Answer>): Answer => ask(query) },
)
