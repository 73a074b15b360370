import t from 'tap'
import type { MariadbStatus } from '../../lib/resources/index.js'
import { judge, type Judged } from '../../roles/mariadb_master_master/judge.js'
import { refuseRenumbering } from '../../roles/mariadb_master_master/numbers.js'

type Replica = MariadbStatus['replicas'][number]

const replica = (host: string, more: Partial<Replica> = {}): Replica => ({
  connection: '',
  host,
  port: 3306,
  user: 'repl',
  mode: 'gtid',
  connectRetry: 10,
  tls: false,
  tlsCa: '',
  tlsVerify: false,
  ioRunning: 'Yes',
  sqlRunning: 'Yes',
  ioError: undefined,
  sqlError: undefined,
  applied: { file: 'mariadb-bin.000001', position: 330 },
  ...more,
})

/** A node of which only what matters is said; its state in the log is its position. */
const node = (
  id: number,
  position: string,
  databases: readonly string[],
  more: Partial<MariadbStatus> = {},
): Judged => ({
  name: `n${id}`,
  address: `10.0.0.${id}`,
  port: 3306,
  status: {
    version: '10.11',
    serverId: id,
    domainId: id,
    binlogPosition: position,
    binlogState: position,
    replicaPosition: '',
    masterStatus: null,
    databases,
    seeding: false,
    replicas: [],
    ...more,
  },
})
const to1 = { replicas: [replica('10.0.0.1')] }
const to2 = { replicas: [replica('10.0.0.2')] }
const stopped = { ioRunning: 'No', sqlRunning: 'No' }

const cases: readonly {
  name: string
  one: Judged
  two: Judged
  /** The verdict of each node on itself. */
  verdicts: readonly [string, string]
}[] = [
  { name: 'both new', one: node(1, '', []), two: node(2, '', []), verdicts: ['member', 'member'] },
  {
    name: 'both in order, two of which has something new',
    one: node(1, '1-1-9,2-2-3', ['a'], to2),
    two: node(2, '1-1-9,2-2-4', ['a'], to1),
    verdicts: ['member', 'member'],
  },
  {
    name: 'both in order and without a database',
    one: node(1, '1-1-9', [], to2),
    two: node(2, '1-1-8', [], to1),
    verdicts: ['member', 'member'],
  },
  {
    name: 'the first database of the cluster, not yet replicated',
    one: node(1, '1-1-1', ['a'], to2),
    two: node(2, '', [], to1),
    verdicts: ['member', 'member'],
  },
  {
    name: 'two was stopped while one wrote',
    one: node(1, '1-1-90,2-2-3', ['a'], {
      replicas: [replica('10.0.0.2', { ioRunning: 'Connecting' })],
    }),
    two: node(2, '1-1-9,2-2-3', ['a'], { replicas: [replica('10.0.0.1', stopped)] }),
    verdicts: ['member', 'member'],
  },
  {
    name: 'both wrote while the wire was down',
    one: node(1, '1-1-90,2-2-3', ['a'], to2),
    two: node(2, '1-1-9,2-2-33', ['a'], to1),
    verdicts: ['member', 'member'],
  },
  {
    name: 'replication was removed by hand',
    one: node(1, '1-1-9,2-2-3', ['a']),
    two: node(2, '1-1-9,2-2-3', ['a']),
    verdicts: ['member', 'member'],
  },
  {
    name: 'two is blank, one holds data that it has never logged',
    one: node(1, '', ['a']),
    two: node(2, '', []),
    verdicts: ['member', 'blank from n1'],
  },
  {
    name: 'two was made anew',
    one: node(1, '1-1-9,2-2-3', ['a'], to2),
    two: node(2, '', []),
    verdicts: ['member', 'blank from n1'],
  },
  {
    name: 'two was made anew and follows already, which looks right and is not',
    one: node(1, '1-1-9,2-2-3', ['a'], to2),
    two: node(2, '1-1-9', [], to1),
    verdicts: ['member', 'blank from n1'],
  },
  {
    name: 'a copy to two was broken off, whatever it holds',
    one: node(1, '1-1-9,2-2-3', ['a'], to2),
    two: node(2, '2-2-50', ['a', 'b'], { seeding: true }),
    verdicts: ['member', 'blank from n1'],
  },
  {
    name: 'two was made anew and one has a history, but no database',
    one: node(1, '1-1-9,2-2-3', [], to2),
    two: node(2, '', []),
    verdicts: ['member', 'blank from n1'],
  },
  {
    name: 'two follows, is blank and can not go on',
    one: node(1, '1-1-9', ['a']),
    two: node(2, '', [], {
      replicas: [replica('10.0.0.1', { ...stopped, ioError: { code: 1236, message: 'purged' } })],
    }),
    verdicts: ['member', 'blank from n1'],
  },
  {
    name: 'two has lost its own past and holds other data',
    one: node(1, '1-1-9,2-2-3', ['a'], to2),
    two: node(2, '2-2-1', ['b']),
    verdicts: ['member', 'diverged'],
  },
  {
    name: 'two strangers',
    one: node(1, '1-1-9', ['a']),
    two: node(2, '2-2-3', ['b']),
    verdicts: ['diverged', 'diverged'],
  },
  {
    name: 'two strangers that have never logged anything',
    one: node(1, '', ['a']),
    two: node(2, '', ['a']),
    verdicts: ['diverged', 'diverged'],
  },
  {
    name: 'the same domain with different pasts',
    one: node(1, '0-7-9', ['a']),
    two: node(2, '0-8-12', ['a']),
    verdicts: ['diverged', 'diverged'],
  },
  {
    name: 'the same domain, one behind the other',
    one: node(1, '0-7-9', ['a']),
    two: node(2, '0-8-12', ['a'], { binlogState: '0-7-9,0-8-12' }),
    verdicts: ['member', 'member'],
  },
  {
    name: 'replication has stopped at a duplicate key',
    one: node(1, '1-1-9,2-2-3', ['a'], to2),
    two: node(2, '1-1-8,2-2-3', ['a'], {
      replicas: [
        replica('10.0.0.1', { sqlRunning: 'No', sqlError: { code: 1062, message: 'Duplicate' } }),
      ],
    }),
    verdicts: ['member', 'conflict'],
  },
]

t.test('judge() tells what becomes of each node', async (t) => {
  for (const { name, one, two, verdicts } of cases) {
    const said = [judge(one, [two]), judge(two, [one])].map((verdict) =>
      verdict.kind === 'blank' ? `blank from ${verdict.source}` : verdict.kind,
    )
    t.strictSame(said, verdicts, name)
  }
})

t.test('judge() finds a source for a blank node among several', async (t) => {
  const blank = node(3, '', [])
  const half = node(1, '', ['a'], { seeding: true })
  const whole = node(2, '2-2-5', ['a'])
  t.strictSame(judge(blank, [half, whole]), { kind: 'blank', source: 'n2' })
})

t.test('refuseRenumbering() keeps a number from being given to another node', (t) => {
  const clusters: [string, Record<string, number>, Record<string, number | null>, RegExp?][] = [
    ['a new cluster', { a: 1, b: 2 }, { a: null, b: null }],
    ['again', { a: 1, b: 2 }, { a: 1, b: 2 }],
    ['a new one at the end', { a: 1, b: 2, x: 3 }, { a: 1, b: 2, x: null }],
    ['a node made anew', { a: 1, b: 2 }, { a: null, b: 2 }],
    ['the last one gone', { a: 1, b: 2 }, { a: 1, b: 2 }],
    ['numbers kept by serverIds', { b: 2, c: 3, x: 4 }, { b: 2, c: 3, x: null }],
    [
      'a new one in front',
      { x: 1, a: 2, b: 3 },
      { x: null, a: 1, b: 2 },
      /"a" number 2 .*is number 1/,
    ],
    ['the first one gone', { b: 1, c: 2 }, { b: 2, c: 3 }, /"b" number 1 .*is number 2/],
    ['one in the middle gone', { a: 1, c: 2 }, { a: 1, c: 3 }, /"c" number 2 .*is number 3/],
    ['numbers that were nobody’s', { a: 3, b: 4 }, { a: 1, b: 2 }, /"a" number 3 .*is number 1/],
    ['another order', { b: 1, a: 2 }, { a: 1, b: 2 }, /"b" number 1 .*is number 2/],
  ]
  for (const [what, ids, present, message] of clusters) {
    const nodes = Object.entries(ids).map(([name, id]) => ({ name, id }))
    const refuse = () => refuseRenumbering(nodes, new Map(Object.entries(present)))
    if (message) t.throws(refuse, { code: 'PARAMETER_INVALID', message }, what)
    else t.doesNotThrow(refuse, what)
  }
  t.end()
})
