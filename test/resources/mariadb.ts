import { createHash } from 'node:crypto'
import t from 'tap'
import type { ErrorCode } from '../../lib/core/errors.js'
import { secret } from '../../lib/core/secret.js'
import {
  mariadbDatabase,
  mariadbGtidWait,
  mariadbReplicaPosition,
  mariadbReplication,
  mariadbSeed,
  mariadbStatus,
  mariadbUser,
  mariadbVariables,
} from '../../lib/resources/index.js'
import { covers, parseGtids } from '../../lib/resources/mariadb/gtid.js'
import {
  grantDifferences,
  grantStatements,
  parseGrants,
  wishedGrants,
} from '../../lib/resources/mariadb/grants.js'
import { nativePassword } from '../../lib/resources/mariadb/native-password.js'
import type { Row } from '../../lib/resources/mariadb/result-sets.js'
import { sqlName, sqlText } from '../../lib/resources/mariadb/sql.js'
import { mariadb, type MariadbAnswer } from '../../lib/resources/probes/mariadb.js'
import type { Ask, Plan, Query, Resource } from '../../lib/resources/types.js'

const password = secret("it's a \\ secret")

const xml = (index: number, body = '') => `<?xml version="1.0"?>

<resultset statement="SELECT ${index} AS hostwright_question" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <row>
\t<field name="hostwright_question">${index}</field>
  </row>
</resultset>
${body}`
const set = (rows: string, statement = 'x') =>
  `<?xml version="1.0"?>\n\n<resultset statement="${statement}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">${rows}</resultset>\n`

t.test('mariadb() reads what the client prints', async (t) => {
  const two = [mariadb('SELECT 1'), mariadb('SHOW x')]
  const parse = (out: string) =>
    two[0]!.kind.parse(Buffer.from(out), two.map(({ key }) => key) as never)
  const cases: readonly { name: string; out: string; answers: readonly MariadbAnswer[] }[] = [
    {
      name: 'nothing installed',
      out: 'absent\n',
      answers: [{ state: 'absent' }, { state: 'absent' }],
    },
    {
      name: 'a client without a server',
      out: `absent\n\n<errors>\nERROR 2002 (HY000): Can't connect to local server`,
      answers: [{ state: 'absent' }, { state: 'absent' }],
    },
    {
      name: 'a server that does not run',
      out: `yes\n\n<errors>\nERROR 2002 (HY000): Can't connect to local server`,
      answers: [1, 2].map(() => ({ state: 'stopped', message: "Can't connect to local server" })),
    },
    {
      name: 'a server that refuses',
      out: `yes\n\n<errors>\nERROR 1698 (28000): Access denied for user 'nobody'@'localhost'`,
      answers: [1, 2].map(() => ({
        state: 'refused',
        message: "Access denied for user 'nobody'@'localhost' (error 1698)",
      })),
    },
    {
      name: 'values with tags, line ends, entities and NULL',
      out: `yes\n${xml(0, set('\n  <row>\n\t<field name="a&lt;b">x &amp;amp; &lt;/row&gt;\n&quot;</field>\n\t<field name="n" xsi:nil="true" />\n\t<field name="e"></field>\n  </row>\n', 'SELECT &quot;&gt;'))}${xml(1, set(''))}\n<errors>\n`,
      answers: [
        { state: 'running', rows: [{ 'a<b': 'x &amp; </row>\n"', n: null, e: '' }] },
        { state: 'running', rows: [] },
      ],
    },
    {
      name: 'an error of one question beside an answer to another',
      out: `yes\n${xml(0)}${xml(1, set('<row><field name="a">ERROR 1 (x) at line 2: no</field></row>'))}\n<errors>\n--------------\nSELECT 1\n--------------\n\nERROR 1146 (42S02) at line 2: Table 'nope.x' doesn't exist`,
      answers: [
        {
          state: 'running',
          rows: [],
          error: { code: 1146, message: "Table 'nope.x' doesn't exist" },
        },
        { state: 'running', rows: [{ a: 'ERROR 1 (x) at line 2: no' }] },
      ],
    },
  ]
  for (const { name, out, answers } of cases) t.strictSame(parse(out), answers, name)
  t.throws(
    () => parse(`yes\n${xml(0)}`),
    /ended before its time/,
    'output that breaks off is no answer',
  )
})

t.test('sqlText() and sqlName() keep hostile texts inside', async (t) => {
  t.equal(sqlText("a'b\\c\nd\0"), "'a\\'b\\\\c\\nd\\0'")
  t.equal(sqlName('a`b'), '`a``b`')
  t.throws(() => sqlName(''), RangeError)
  t.throws(() => sqlName('a\nb'), RangeError)
})

t.test('nativePassword() is what MariaDB keeps', async (t) => {
  // SELECT PASSWORD('pw') on MariaDB 10.11
  t.equal(nativePassword(secret('pw')).reveal(), '*D821809F681A40A6E379B50D0463EFAE20BDD122')
})

t.test('GTID positions', async (t) => {
  t.strictSame(parseGtids(' 1-2-30, 4-5-18446744073709551615'), [
    { domain: 1, server: 2, sequence: 30n },
    { domain: 4, server: 5, sequence: 18446744073709551615n },
  ])
  t.strictSame(parseGtids(''), [])
  t.throws(() => parseGtids('1-2'), RangeError)
  const cases = [
    ['1-1-5', '1-1-5', true],
    ['1-1-5,2-2-1', '1-3-4', true],
    ['1-1-5', '1-1-6', false],
    ['1-1-5', '2-2-1', false],
    ['', '', true],
    ['', '1-1-1', false],
  ] as const
  for (const [position, other, reached] of cases)
    t.equal(
      covers(parseGtids(position), parseGtids(other)),
      reached,
      `"${position}" covers "${other}"`,
    )
})

t.test('grants are compared as sets', async (t) => {
  const account = ' TO `u`@`%`'
  const cases: readonly {
    name: string
    now: readonly string[]
    wish: Record<string, readonly string[]>
    statements: readonly string[]
  }[] = [
    {
      name: 'as wished, in other words and order',
      now: [
        `GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.*${account} IDENTIFIED BY PASSWORD '*AB'`,
        `GRANT ALL PRIVILEGES ON \`a\`.*${account}`,
      ],
      wish: { '*.*': ['replication client', 'Replication  Slave'], 'a.*': ['ALL'] },
      statements: [],
    },
    {
      name: 'missing and too many',
      now: [`GRANT SELECT, DROP ON \`a_b\`.*${account}`],
      wish: { 'a_b.*': ['SELECT', 'INSERT'] },
      statements: ["REVOKE DROP ON `a_b`.* FROM 'u'@'%'", "GRANT INSERT ON `a_b`.* TO 'u'@'%'"],
    },
    {
      name: 'a level that is not wished for',
      now: [
        `GRANT USAGE ON *.*${account}`,
        `GRANT ALL PRIVILEGES ON \`old\`.*${account} WITH GRANT OPTION`,
      ],
      wish: {},
      statements: [
        "REVOKE ALL PRIVILEGES ON `old`.* FROM 'u'@'%'",
        "REVOKE GRANT OPTION ON `old`.* FROM 'u'@'%'",
      ],
    },
    {
      name: 'less than everything',
      now: [`GRANT ALL PRIVILEGES ON \`a\`.*${account}`],
      wish: { 'a.*': ['SELECT'] },
      statements: [
        "REVOKE ALL PRIVILEGES ON `a`.* FROM 'u'@'%'",
        "GRANT SELECT ON `a`.* TO 'u'@'%'",
      ],
    },
    {
      name: 'everything where there is something: it is never gone in between',
      now: [`GRANT SELECT ON \`a\`.\`t\`${account}`],
      wish: { 'a.t': ['ALL', 'GRANT'] },
      statements: ["GRANT ALL PRIVILEGES ON `a`.`t` TO 'u'@'%' WITH GRANT OPTION"],
    },
    {
      name: 'columns, roles, routines and proxies',
      now: [
        `GRANT SELECT (Id, v), INSERT ON \`a\`.\`t\`${account}`,
        `GRANT \`r\`${account}`,
        `GRANT EXECUTE ON PROCEDURE \`a\`.\`p\`${account}`,
        `GRANT PROXY ON \`\`@\`%\`${account}`,
      ],
      wish: { 'a.t': ['INSERT', 'select (Id, v)'] },
      statements: [],
    },
  ]
  for (const { name, now, wish, statements } of cases)
    t.strictSame(
      grantDifferences(parseGrants(now), wishedGrants(wish)).flatMap((one) =>
        grantStatements(one, 'u', '%'),
      ),
      statements,
      name,
    )
  t.throws(() => wishedGrants({ acme: ['ALL'] }), { code: 'PARAMETER_INVALID' })
})

/** Answers by a piece of the question's text; what is not named has no rows. */
type Answers = Readonly<Record<string, readonly Row[] | MariadbAnswer | string>>

function planned<Output>(resource: Resource<Output>, answers: Answers): Plan<Output> {
  const answer = (query: Query) => {
    const found = Object.entries(answers).find(([piece]) => query.id.includes(piece))?.[1]
    if (query.kind.name === 'mariadb-password')
      return found === undefined ? sha256(password.reveal()) : found === 'none' ? null : found
    return Array.isArray(found) || found === undefined
      ? { state: 'running', rows: found ?? [] }
      : found
  }
  const ask = Object.assign(answer, { maybe: answer }) as Ask
  return resource.type.plan(resource.wish as never, ask)
}
const shown = ({ changes }: Plan<unknown>) =>
  changes.map(({ property, from, to }) => `${property}: ${from} → ${to}`)
/** The statements that are sent, without the session's set-up. */
const sent = ({ steps }: Plan<unknown>) =>
  steps.flatMap(({ input }) =>
    Buffer.from(input ?? '')
      .toString()
      .split('\n')
      .slice(1)
      .filter(Boolean),
  )

const replica = (more: Row = {}): Row => ({
  Connection_name: '',
  Master_Host: '10.0.0.2',
  Master_Port: '3306',
  Master_User: 'repl',
  Using_Gtid: 'Slave_Pos',
  Connect_Retry: '10',
  Slave_IO_Running: 'Yes',
  Slave_SQL_Running: 'Yes',
  Last_IO_Errno: '0',
  Last_IO_Error: '',
  Last_SQL_Errno: '0',
  Last_SQL_Error: '',
  Relay_Master_Log_File: 'mariadb-bin.000003',
  Exec_Master_Log_Pos: '773',
  Master_SSL_Allowed: 'No',
  Master_SSL_CA_File: '',
  Master_SSL_Verify_Server_Cert: 'No',
  ...more,
})
const change = (more: string) =>
  `CHANGE MASTER '' TO MASTER_HOST='10.0.0.2', MASTER_PORT=3306, MASTER_USER='repl', MASTER_PASSWORD='it\\'s a \\\\ secret', MASTER_CONNECT_RETRY=10, ${more};`
const source = { source: '10.0.0.2', user: 'repl', password }
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const account = [
  {
    passwords: `${sha256('other')} ${sha256(`u@localhost ${nativePassword(password).reveal()}`)}`,
    secured: '0',
  },
]

const plans: readonly {
  name: string
  resource: Resource<unknown>
  answers: Answers
  changes: readonly string[]
  statements?: readonly string[]
}[] = [
  {
    name: 'a database that is missing',
    resource: mariadbDatabase({ name: 'acme`' }),
    answers: {},
    changes: ['state: absent → present'],
    statements: ["CREATE DATABASE IF NOT EXISTS `acme``` CHARACTER SET 'utf8mb4';"],
  },
  {
    name: 'a database that is there, under the old name of its character set',
    resource: mariadbDatabase({ name: 'a', characterSet: 'utf8mb3', collation: 'utf8mb3_bin' }),
    answers: { SCHEMATA: [{ characterSet: 'utf8', collation: 'utf8_bin' }] },
    changes: [],
  },
  {
    name: 'a database with another character set',
    resource: mariadbDatabase({ name: 'a', collation: 'utf8mb4_bin' }),
    answers: { SCHEMATA: [{ characterSet: 'latin1', collation: 'latin1_swedish_ci' }] },
    changes: ['characterSet: latin1 → utf8mb4', 'collation: latin1_swedish_ci → utf8mb4_bin'],
    statements: ["ALTER DATABASE `a` CHARACTER SET 'utf8mb4' COLLATE 'utf8mb4_bin';"],
  },
  {
    name: 'a database to be dropped',
    resource: mariadbDatabase({ name: 'a', state: 'absent', dropData: true }),
    answers: { SCHEMATA: [{ characterSet: 'latin1', collation: '' }] },
    changes: ['state: present → absent'],
    statements: ['DROP DATABASE IF EXISTS `a`;'],
  },
  {
    name: 'a database that is gone already',
    resource: mariadbDatabase({ name: 'a', state: 'absent' }),
    answers: {},
    changes: [],
  },
  {
    name: 'a new account, kept out of the binary log',
    resource: mariadbUser({
      name: 'u',
      host: '%',
      password: secret('pw'),
      requireSsl: true,
      binlog: false,
      privileges: { 'a.*': ['ALL'] },
    }),
    answers: {
      'SHOW GRANTS': {
        state: 'running',
        rows: [],
        error: { code: 1141, message: 'no such grant' },
      },
    },
    changes: ['state: absent → present', 'privileges on a.*: none → ALL PRIVILEGES'],
    statements: [
      'SET SESSION sql_log_bin = 0;',
      "CREATE USER IF NOT EXISTS 'u'@'%' IDENTIFIED BY PASSWORD '*D821809F681A40A6E379B50D0463EFAE20BDD122' REQUIRE SSL;",
      "GRANT ALL PRIVILEGES ON `a`.* TO 'u'@'%';",
    ],
  },
  {
    name: 'an account as wished',
    resource: mariadbUser({ name: 'u', password, requireSsl: false, privileges: {} }),
    answers: { global_priv: account },
    changes: [],
  },
  {
    name: 'an account with another password',
    resource: mariadbUser({ name: 'u', password: secret('pw') }),
    answers: { global_priv: [{ passwords: sha256('another'), secured: '0' }] },
    changes: ['password: *** → ***'],
    statements: [
      "ALTER USER 'u'@'localhost' IDENTIFIED BY PASSWORD '*D821809F681A40A6E379B50D0463EFAE20BDD122';",
    ],
  },
  {
    name: 'an account that may do without TLS',
    resource: mariadbUser({ name: 'u', requireSsl: true }),
    answers: { global_priv: account },
    changes: ['requireSsl: false → true'],
    statements: ["ALTER USER 'u'@'localhost' REQUIRE SSL;"],
  },
  {
    name: 'an account that is to go',
    resource: mariadbUser({ name: 'u', state: 'absent' }),
    answers: { global_priv: account },
    changes: ['state: present → absent'],
    statements: ["DROP USER IF EXISTS 'u'@'localhost';"],
  },
  {
    name: 'replication that is as wished',
    resource: mariadbReplication(source),
    answers: { SLAVES: [replica({ Connection_name: 'other', Master_Host: 'x' }), replica()] },
    changes: [],
  },
  {
    name: 'no replication',
    resource: mariadbReplication(source),
    answers: {},
    changes: ['source: none → 10.0.0.2:3306'],
    statements: [change('MASTER_USE_GTID=slave_pos'), "START SLAVE '';"],
  },
  {
    name: 'no replication, by position',
    resource: mariadbReplication({
      ...source,
      mode: 'position',
      coordinates: { file: 'b.000001', position: 330 },
    }),
    answers: {},
    changes: ['source: none → 10.0.0.2:3306'],
    statements: [
      change("MASTER_USE_GTID=no, MASTER_LOG_FILE='b.000001', MASTER_LOG_POS=330"),
      "START SLAVE '';",
    ],
  },
  {
    name: 'replication that stands still is started, not changed',
    resource: mariadbReplication(source),
    answers: { SLAVES: [replica({ Slave_IO_Running: 'No' })] },
    changes: ['ioThread: No → Yes'],
    statements: ["STOP SLAVE '';", "START SLAVE '';"],
  },
  {
    name: 'replication from elsewhere, as somebody else',
    resource: mariadbReplication({ ...source, tls: { ca: '/ca.pem' } }),
    answers: {
      SLAVES: [replica({ Master_Host: '10.0.0.9', Master_User: 'x', Connect_Retry: '60' })],
    },
    changes: [
      'source: 10.0.0.9 → 10.0.0.2',
      'user: x → repl',
      'connectRetry: 60 → 10',
      'tls: false → true',
      'tls.ca:  → /ca.pem',
      'tls.verify: false → true',
    ],
    statements: [
      "STOP SLAVE '';",
      change(
        "MASTER_SSL=1, MASTER_SSL_CA='/ca.pem', MASTER_SSL_VERIFY_SERVER_CERT=1, MASTER_USE_GTID=slave_pos",
      ),
      "START SLAVE '';",
    ],
  },
  {
    name: 'from GTID to position, and on from where it is',
    resource: mariadbReplication({
      ...source,
      mode: 'position',
      coordinates: { file: 'b.000001', position: 4 },
    }),
    answers: { SLAVES: [replica()] },
    changes: ['mode: gtid → position'],
    statements: [
      "STOP SLAVE '';",
      change("MASTER_USE_GTID=no, MASTER_LOG_FILE='mariadb-bin.000003', MASTER_LOG_POS=773"),
      "START SLAVE '';",
    ],
  },
  {
    name: 'a password that would fail at the next connection',
    resource: mariadbReplication(source),
    answers: { SLAVES: [replica()], 'mariadb-password': 'wrong' },
    changes: ['password: *** → ***'],
    statements: ["STOP SLAVE '';", change('MASTER_USE_GTID=slave_pos'), "START SLAVE '';"],
  },
  {
    name: 'a password that has failed',
    resource: mariadbReplication(source),
    answers: {
      SLAVES: [replica({ Slave_IO_Running: 'Connecting', Last_IO_Errno: '1045' })],
      'mariadb-password': 'none',
    },
    changes: ['password: *** → ***'],
  },
  {
    name: "variables as wished, in an option file's words",
    resource: mariadbVariables({
      values: {
        log_bin: true,
        a: '16M',
        b: 'yes',
        c: 10,
        d: '/var/lib/x',
        e: 'utf8mb4',
        f: 0.5,
        g: 1,
      },
    }),
    answers: {
      VARIABLES: [
        ['log_bin', 'ON'],
        ['a', '16777216'],
        ['b', 'ON'],
        ['c', '10.000000'],
        ['d', '/var/lib/x/'],
        ['e', 'UTF8MB4'],
        ['f', '0.500000'],
        ['g', 'ON'],
      ].map(([Variable_name, Value]) => ({ Variable_name, Value })) as Row[],
    },
    changes: [],
  },
  {
    name: 'variables of a server that has not read its file yet',
    resource: mariadbVariables({ values: { server_id: 2, log_bin: true } }),
    answers: {
      VARIABLES: [
        { Variable_name: 'server_id', Value: '1' },
        { Variable_name: 'log_bin', Value: 'OFF' },
      ],
    },
    changes: ['server_id: 1 → 2', 'log_bin: OFF → ON'],
  },
  {
    name: 'a replica position behind, in one domain and absent in another',
    resource: mariadbReplicaPosition({ reached: '2-2-9,1-1-5,3-3-1' }),
    answers: { gtid_slave_pos: [{ position: '1-1-7,2-2-3' }] },
    changes: ['gtid_slave_pos: 1-1-7,2-2-3 → 1-1-7,2-2-9,3-3-1'],
    statements: ['STOP ALL SLAVES;', "SET GLOBAL gtid_slave_pos = '1-1-7,2-2-9,3-3-1';"],
  },
  {
    name: 'a replica position that has reached it',
    resource: mariadbReplicaPosition({ reached: '1-1-5' }),
    answers: { gtid_slave_pos: [{ position: '1-1-7,2-2-3' }] },
    changes: [],
  },
  {
    name: 'a blank server is filled',
    resource: mariadbSeed({ ...source, position: '1-1-5' }),
    answers: { gtid_binlog_pos: [{ position: '' }] },
    changes: ['databases: none → copy of 10.0.0.2:3306', 'gtid_binlog_pos: none → 1-1-5'],
  },
  {
    name: 'a copy that was broken off is made again',
    resource: mariadbSeed({ ...source, position: '1-1-5' }),
    answers: {
      gtid_binlog_pos: [{ position: '1-1-9' }],
      SCHEMATA: [{ name: 'acme' }, { name: 'hostwright_seeding' }],
    },
    changes: ['databases: acme → copy of 10.0.0.2:3306', 'gtid_binlog_pos: 1-1-9 → 1-1-5'],
  },
  {
    name: 'a server that has the data is left alone',
    resource: mariadbSeed({ ...source, position: '1-1-5' }),
    answers: { gtid_binlog_pos: [{ position: '1-1-6,2-2-1' }], SCHEMATA: [{ name: 'acme' }] },
    changes: [],
  },
]

t.test('plans', async (t) => {
  for (const { name, resource, answers, changes, statements } of plans) {
    const plan = planned(resource, answers)
    t.strictSame(shown(plan), changes, name)
    if (statements) t.strictSame(sent(plan), statements, `${name}: statements`)
    if (changes.length === 0) t.equal(plan.steps.length, 0, `${name}: no steps`)
    else t.ok(plan.steps.length > 0, `${name}: steps`)
  }
})

t.test('plans refuse', async (t) => {
  const stopped = { state: 'stopped', message: 'no socket' } as const
  const cases: readonly [
    string,
    Resource<unknown>,
    Answers,
    { readonly code: ErrorCode; readonly message: string },
  ][] = [
    [
      'a drop without its word',
      mariadbDatabase({ name: 'a', state: 'absent' }),
      { SCHEMATA: [{ characterSet: 'x' }] },
      {
        code: 'PARAMETER_INVALID',
        message: 'Cannot drop database "a": it holds data, and dropData is not true',
      },
    ],
    [
      'an account without a password',
      mariadbUser({ name: 'u', host: '%' }),
      {},
      { code: 'PARAMETER_INVALID', message: 'Cannot make account "u@%": it has no password' },
    ],
    [
      'a server that does not run',
      mariadbDatabase({ name: 'a' }),
      { '': stopped },
      {
        code: 'TASK_FAILED',
        message: 'Cannot read database "a": MariaDB is not running: no socket',
      },
    ],
    [
      'a server that is not there',
      mariadbStatus({}),
      { '': { state: 'absent' } },
      {
        code: 'TASK_FAILED',
        message: 'Cannot read the state of the server: MariaDB is not installed',
      },
    ],
    [
      'position without coordinates',
      mariadbReplication({ ...source, mode: 'position' }),
      {},
      {
        code: 'PARAMETER_INVALID',
        message: 'Cannot start replication from "10.0.0.2:3306": no coordinates are given',
      },
    ],
    [
      'a copy over data',
      mariadbSeed({ ...source, position: '1-1-5' }),
      { gtid_binlog_pos: [{ position: '2-2-1' }], SCHEMATA: [{ name: 'acme' }] },
      {
        code: 'REPLICATION_DIVERGED',
        message: 'Cannot copy the data of "10.0.0.2:3306": databases "acme" are here',
      },
    ],
    [
      'a variable that there is not',
      mariadbVariables({ values: { nope: 1 } }),
      {},
      {
        code: 'PARAMETER_INVALID',
        message: 'Cannot set variable "nope": the server has no such variable',
      },
    ],
    [
      'a wait that takes too long',
      mariadbGtidWait({ position: '2-2-9' }),
      { MASTER_GTID_WAIT: [{ reached: '-1', position: '2-2-3' }] },
      {
        code: 'REPLICATION_BROKEN',
        message: 'Cannot reach GTID position "2-2-9": gtid_slave_pos is still "2-2-3"',
      },
    ],
    [
      'a wait on replication that has stopped',
      mariadbGtidWait({ position: '2-2-9' }),
      {
        SLAVES: [
          replica({
            Slave_SQL_Running: 'No',
            Last_SQL_Errno: '1062',
            Last_SQL_Error: 'Duplicate entry',
          }),
        ],
      },
      {
        code: 'REPLICATION_DIVERGED',
        message:
          'Cannot replicate from "10.0.0.2:3306": SQL thread stopped with error 1062: Duplicate entry',
      },
    ],
  ]
  for (const [name, resource, answers, error] of cases)
    t.throws(() => planned(resource, answers), error, name)
})

t.test('mariadbGtidWait() asks how replication stands once it has waited', (t) => {
  const { type, wish } = mariadbGtidWait({ position: '2-2-9' })
  const asked = type.reads(wish as never).map(({ id }) => id)
  t.match(asked, [/MASTER_GTID_WAIT/, /SHOW ALL SLAVES STATUS/])
  const before = mariadbReplication(source).type.reads(mariadbReplication(source).wish as never)
  t.notOk(
    before.some(({ id }) => id === asked[1]),
    'what was asked before is not what it is then',
  )
  t.end()
})

t.test('mariadbReplication() says why threads do not run', async (t) => {
  const cases = [
    [
      [
        replica({
          Slave_IO_Running: 'Connecting',
          Last_IO_Errno: '2003',
          Last_IO_Error: 'no route',
        }),
      ],
      'REPLICATION_BROKEN',
      /IO thread stopped with error 2003: no route/,
    ],
    [
      [replica({ Slave_IO_Running: 'No', Last_IO_Errno: '1236', Last_IO_Error: 'purged' })],
      'REPLICATION_DIVERGED',
      /error 1236/,
    ],
    [
      [replica({ Slave_SQL_Running: 'No', Last_SQL_Errno: '1032', Last_SQL_Error: 'gone' })],
      'REPLICATION_DIVERGED',
      /SQL thread stopped with error 1032/,
    ],
    [[replica({ Slave_SQL_Running: 'No' })], 'REPLICATION_BROKEN', /SQL thread is No/],
    [[], 'REPLICATION_BROKEN', /the connection is gone/],
  ] as const
  for (const [rows, code, message] of cases) {
    const resource = mariadbReplication(source)
    const ask = Object.assign(() => ({ state: 'running', rows }), {
      maybe: () => undefined,
    }) as unknown as Ask
    t.throws(() => resource.type.output?.(resource.wish as never, ask), { code, message })
  }
})

t.test('no description, title or question shows a password', async (t) => {
  const hidden = secret('hide-me-well')
  const resources: readonly Resource<unknown>[] = [
    mariadbUser({ name: 'u', password: hidden, privileges: {} }),
    mariadbReplication({ ...source, password: hidden }),
    mariadbSeed({ ...source, password: hidden, position: '' }),
  ]
  for (const resource of resources) {
    const reads = resource.type.reads(resource.wish as never)
    const texts = [
      resource.task,
      JSON.stringify(resource),
      ...reads.map((query) => query.id),
      ...reads.map((query) => query.kind.script([query.key as never])),
      ...planned(resource, {}).steps.map(({ script }) => script),
    ]
    for (const text of texts) t.notMatch(text, /hide-me-well/)
  }
})

t.test('mariadbStatus({ again: true }) asks the server, whatever it has said before', (t) => {
  const questions = (again: boolean): readonly Query[] => {
    const { type, wish } = mariadbStatus({ again })
    return type.reads(wish as never)
  }
  const before = new Set(questions(false).map(({ id }) => id))
  t.equal(before.size, 5)
  for (const { id, kind, key } of questions(true)) {
    t.notOk(before.has(id), id)
    t.equal(kind.onDemand?.(key as never), true, 'and is never asked ahead')
  }
  t.end()
})
