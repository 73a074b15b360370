import t from 'tap'
import { brief, checks, told, type ToldTask } from '../fixtures/drift.js'
import type { DriftRecord } from '../../lib/drift/index.js'
import type { EventBody } from '../../lib/report/index.js'

const x = 'a / base: file /x / mode'
const mode = { changes: ['mode'] }
const handler = { role: 'handler h', task: 'service s', handler: true, changes: ['state'] }
const due = 'a / handler h: service s / state'

/** Checks one after the other: what each tells of one task, and what is to come of it. */
const cases: readonly {
  readonly name: string
  readonly turns: readonly (readonly [
    tell: ToldTask | readonly ToldTask[] | EventBody,
    findings: readonly string[],
    exitCode: number,
  ])[]
}[] = [
  {
    name: 'a first check does not know which side has changed; then it goes on, is resolved, returns',
    turns: [
      [mode, [`${x}: new unknown 01`], 2],
      [mode, [`${x}: continuing unknown 01`], 2],
      [{}, [`${x}: resolved unknown 01`], 0],
      [{}, [], 0],
      [mode, [`${x}: returned host 05`], 2],
      [mode, [`${x}: continuing host 05`], 2],
    ],
  },
  {
    name: 'the wish as before: the host has changed, whatever the answers',
    turns: [
      [{}, [], 0],
      [{ ...mode, state: 'q1s2' }, [`${x}: new host 02`], 2],
    ],
  },
  {
    name: 'another wish and the same answers: the code has changed, also where more was asked',
    turns: [
      [{ state: 'q1s1 q2s2' }, [], 0],
      [{ ...mode, wish: 'w2', state: 'q1s1 q2s2 q3s3' }, [`${x}: new code 02`], 2],
    ],
  },
  {
    name: 'another wish and another answer: both',
    turns: [
      [{}, [], 0],
      [{ ...mode, wish: 'w2', state: 'q1s2' }, [`${x}: new both 02`], 2],
    ],
  },
  {
    name: 'what the host has changed, and then the code too',
    turns: [
      [{}, [], 0],
      [mode, [`${x}: new host 02`], 2],
      [{ ...mode, wish: 'w2' }, [`${x}: continuing both 02`], 2],
      [{ ...mode, wish: 'w2' }, [`${x}: continuing both 02`], 2],
    ],
  },
  {
    name: 'a task that the playbook did not have: the code',
    turns: [
      [{ task: 'file /y' }, [], 0],
      [mode, [`${x}: new code 02`], 2],
    ],
  },
  {
    name: 'a task that an earlier check left out by tags: not known',
    turns: [
      [[{ task: 'file /y' }, { wish: null, status: 'skipped' }], [], 0],
      [mode, [`${x}: new unknown 02`], 2],
    ],
  },
  {
    name: 'a task that the last check did not know is compared with the one before',
    turns: [
      [{}, [], 0],
      [[{ wish: null, status: 'skipped' }], [], 1],
      [{ ...mode, wish: 'w2' }, [`${x}: new code 03`], 2],
    ],
  },
  {
    name: 'a host that fails in between resolves nothing and brings nothing back',
    turns: [
      [mode, [`${x}: new unknown 01`], 2],
      [
        {
          type: 'failure',
          host: 'a',
          unreachable: true,
          error: { code: 'HOST_UNREACHABLE', message: 'Cannot reach "a"' },
        },
        [],
        1,
      ],
      [mode, [`${x}: continuing unknown 01`], 2],
    ],
  },
  {
    name: 'a role that is left out in between likewise',
    turns: [
      [mode, [`${x}: new unknown 01`], 2],
      [{ role: 'other' }, [], 0],
      [mode, [`${x}: continuing unknown 01`], 2],
    ],
  },
  {
    name: 'a task that the playbook has dropped is resolved',
    turns: [
      [mode, [`${x}: new unknown 01`], 2],
      [{ task: 'file /y' }, [`${x}: resolved unknown 01`], 0],
    ],
  },
  {
    name: 'a task of no role likewise, also where it was the only one',
    turns: [
      [[{}, { role: '', task: 'file /y', ...mode }], ['a / file /y / mode: new unknown 01'], 2],
      [{}, ['a / file /y / mode: resolved unknown 01'], 0],
    ],
  },
  {
    name: 'what drift on the host itself explains is not held against the check',
    turns: [
      [
        [mode, { task: 'service s', status: 'unknown', reason: 'packages p would be changed' }],
        [`${x}: new unknown 01`],
        2,
      ],
    ],
  },
  {
    name: 'what nothing explains keeps it from knowing',
    turns: [
      [
        [{}, { task: 'service s', status: 'unknown', reason: 'packages p would be changed' }],
        [],
        1,
      ],
      [
        [mode, { task: '$ x', status: 'unknown', reason: 'it does not run in check mode; say' }],
        [`${x}: new host 02`],
        1,
      ],
      [[{ task: 'file /y', status: 'failed', reason: 'Cannot' }], [], 1],
    ],
  },
  {
    name: 'what acts on every run is no drift, and neither is what it notifies',
    turns: [
      [
        [
          { task: 'command date', state: '', changes: ['command'] },
          { role: 'handler h', task: 'service s', handler: true, changes: ['state'] },
        ],
        [],
        0,
      ],
    ],
  },
  {
    name: 'a handler that nothing has notified is still due',
    turns: [
      [
        [{}, { role: 'handler h', task: 'service s', handler: true, changes: ['state'] }],
        ['a / handler h: service s / state: new unknown 01'],
        2,
      ],
      [{}, ['a / handler h: service s / state: resolved unknown 01'], 0],
    ],
  },
  {
    name: 'a handler that is still due beside other drift is not resolved',
    turns: [
      [[{}, handler], [`${due}: new unknown 01`], 2],
      [[mode, handler], [`${x}: new host 02`], 2],
      [[{}, handler], [`${due}: continuing unknown 01`, `${x}: resolved host 02`], 2],
      [mode, [`${x}: returned host 04`], 2],
      [{}, [`${due}: resolved unknown 01`, `${x}: resolved host 04`], 0],
    ],
  },
  {
    name: 'a check that looks at nothing knows nothing',
    turns: [
      [mode, [`${x}: new unknown 01`], 2],
      [{ wish: null, status: 'skipped' }, [], 1],
      [[], [], 1],
      [mode, [`${x}: continuing unknown 01`], 2],
    ],
  },
  {
    name: 'a task that is met twice is told apart',
    turns: [
      [[mode, mode], [`${x}: new unknown 01`, 'a / base: file /x #2 / mode: new unknown 01'], 2],
      [
        [{}, mode],
        ['a / base: file /x #2 / mode: continuing unknown 01', `${x}: resolved unknown 01`],
        2,
      ],
    ],
  },
  {
    name: 'what a playbook checks by itself',
    turns: [
      [
        { type: 'check', host: 'a', check: 'sshd listens', result: 'failed', duration: 1 },
        ['a / check sshd listens / result: new unknown 01'],
        2,
      ],
      [
        { type: 'check', host: 'a', check: 'sshd listens', result: 'passed', duration: 1 },
        ['a / check sshd listens / result: resolved unknown 01'],
        0,
      ],
    ],
  },
]

t.test('judge()', async (t) => {
  for (const { name, turns } of cases)
    await t.test(name, async (t) => {
      const series = checks()
      for (const [at, [tell, findings, exitCode]] of turns.entries()) {
        const events = [tell].flat().map((one) => ('type' in one ? one : told(one)))
        const record = series.next(events)
        t.same(brief(record), findings, `check ${at + 1}`)
        t.equal(record.exitCode, exitCode, `the exit code of check ${at + 1}`)
      }
    })
})

t.test('judge() says of each host what is known', async (t) => {
  const series = checks(['a', 'b', 'c', 'd', 'e'])
  const lacks = (host: string, peer: string) =>
    told({
      host,
      task: 'rest of role base',
      status: 'unknown',
      reason: `fact "f" of "${peer}": lost`,
    })
  const record = series.next([
    told(mode),
    told({ host: 'b' }),
    lacks('b', 'a'),
    told({ host: 'c' }),
    lacks('c', 'e'),
    told({ host: 'd', wish: null, status: 'skipped' }),
    told({ host: 'e' }),
  ])
  t.equal(record.exitCode, 1, 'c lacks the fact of a host that has not drifted')
  t.match(record.hosts, {
    a: { state: 'drift', roundTrips: 2, tasks: { base: 1 }, reason: undefined },
    b: { state: 'unknown', reason: /fact "f" of "a"/, partial: true },
    c: { state: 'unknown', reason: /fact "f" of "e"/, partial: true },
    e: { state: 'clean', tasks: { base: 1 }, partial: undefined },
  })
  t.notOk('d' in record.hosts, 'of d nothing was looked at')
  const early = series.next([told({})], 'Cannot go on')
  t.equal(early.exitCode, 1)
  t.match(early.hosts['a'], { state: 'unknown', reason: 'Cannot go on' })
  t.same(early.unseen, undefined, 'what was looked at all the same is resolved')
  t.match(brief(early), [`${x}: resolved unknown 01`])
  const one = checks(['a', 'b'])
  one.next([told(mode), told({ host: 'b', ...mode })])
  const limited = checks(['b'])
  limited.records.push(...one.records)
  const second = limited.next([told({ host: 'b', ...mode })])
  t.match(second.unseen, [{ id: x, state: 'new' }], 'a host that is left out stays as it was')
  const third = limited.next([told({ host: 'b' })])
  t.match(third.unseen, [{ id: x }], 'also over several checks')
})

t.test('judge() says why the check as a whole knows nothing', async (t) => {
  const leftOut = told({ wish: null, status: 'skipped' })
  const failures: readonly (readonly [string, DriftRecord, object])[] = [
    ['it was thrown', checks([]).next([], 'Cannot go on'), { failure: 'Cannot go on', hosts: {} }],
    ['by tags', checks().next([leftOut]), { failure: /no task of any host/, hosts: {} }],
    ['no play', checks([]).next([]), { failure: /no task of any host/, hosts: {} }],
  ]
  for (const [name, { failure, hosts, exitCode }, expected] of failures) {
    t.match({ failure, exitCode }, { ...expected, exitCode: 1, hosts: undefined }, name)
    t.same(hosts, {}, name)
  }
  t.notOk('failure' in checks().next([told({})]))
})

t.test('judge() resolves what was found on a host that has left the inventory', async (t) => {
  const series = checks(['a', 'b'])
  series.next([told(mode), told({ host: 'b', ...mode })])
  const without = checks(['b'], ['b'])
  without.records.push(...series.records)
  for (const expected of [[`${x}: resolved unknown 01`], []]) {
    const record = without.next([told({ host: 'b', ...mode })])
    t.same(
      brief(record).filter((one) => one.startsWith('a')),
      expected,
    )
    t.same(record.unseen, undefined)
  }
})

t.test('judge() keeps what the host told of a finding for as long as it is open', async (t) => {
  const evidence = ['modified 2026-03-01 11:00:00 UTC, owned by root']
  const series = checks()
  const first = series.next([told(mode)])
  series.records[0] = { ...first, findings: first.findings.map((one) => ({ ...one, evidence })) }
  series.next([told(mode)])
  t.same(series.next([told(mode)]).findings[0]?.evidence, evidence)
  t.notOk('evidence' in series.next([told({})]).findings[0]!, 'what is resolved has none')
})

t.test('judge() takes for resolved nothing that a later check has found', (t) => {
  const long = checks()
  long.records.push({ ...checks().next([told(mode)]), time: '2026-03-09T12:00:00.000Z' })
  const { findings, unseen = [] } = long.next([told({})])
  t.same(findings, [])
  t.same(
    unseen.map(({ id }) => id),
    [x],
  )
  t.end()
})

t.test('judge() loses nothing of two checks that overlap', async (t) => {
  const onB = { host: 'b', changes: ['owner'] }
  const y = 'b / base: file /x / owner'
  for (const order of ['a first', 'b first']) {
    const before = checks(['a', 'b'])
    before.next([told({ task: 'file /o', ...mode }), told({ host: 'b' })])
    const beside = (host: string) => {
      const one = checks([host])
      one.records.push(...before.records)
      return one
    }
    const [left, right] = [
      beside('a').next([told(mode), told({ task: 'file /o' })]),
      beside('b').next([told(onB)]),
    ]
    const kept = [...(order === 'a first' ? [right, left] : [left, right]), ...before.records]
    const after = checks(['a', 'b'])
    after.records.push(...kept)
    t.same(
      brief(after.next([told(mode), told({ task: 'file /o' }), told(onB)])),
      [`${x}: continuing code 02`, `${y}: continuing host 02`],
      order,
    )
    const other = checks(['c'])
    other.records.push(...kept)
    const { unseen = [] } = other.next([told({ host: 'c' })])
    t.same(unseen.map(({ id }) => id).toSorted(), [x, y], order)
  }
})
