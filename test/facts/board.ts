import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { HostwrightError } from '../../lib/core/errors.js'
import { FactBoard } from '../../lib/facts/board.js'
import { fact } from '../../lib/facts/fact.js'

const status = fact<number>('status')
const key = fact<string>('key')
const place = { file: '/playbooks/site.ts', line: 7, column: 3 }

class Known extends Error {}

function board(...hosts: string[]) {
  const made = new FactBoard((reason) => new Known(reason))
  const members = new Map(hosts.map((host) => [host, made.begin(host)]))
  return Object.assign(made, { of: (host: string) => members.get(host)! })
}

/** What a wait ends with, in at most a second: it must never hang. */
async function end(wait: Promise<unknown>): Promise<unknown> {
  return await Promise.race([
    wait.catch((error: unknown) => error),
    sleep(1_000, 'still waiting', { ref: false }),
  ])
}

t.test('a fact reaches those who wait before and after it is published', async (t) => {
  const facts = board('a', 'b')
  const early = facts.wait('b', 'a', status, place)
  facts.publish('a', status, 773)
  t.equal(await end(early), 773)
  t.equal(await end(facts.wait('b', 'a', status, place)), 773)
  t.equal(await end(facts.wait('a', 'a', status, place)), 773, 'its own too')
})

t.test('a wait that can end is not ended', async (t) => {
  const facts = board('a', 'b')
  const wait = facts.wait('b', 'a', status, place)
  void facts.busy('a', async () => {
    await sleep(50)
    facts.publish('a', status, 1)
  })
  t.equal(await end(wait), 1)
  const other = facts.wait('a', 'b', key, place)
  await sleep(30)
  facts.publish('b', key, 'k')
  t.equal(await end(other), 'k', 'a publisher that works locally is waited for')
})

t.test('a role that runs again waits for what it publishes anew on a peer', async (t) => {
  const again = (role = 'mesh') => {
    const facts = board('a', 'b')
    facts.publish('a', status, 1, { member: facts.of('a'), role: 'mesh', play: 'first' })
    const wait = async (from = 'b', of = 'a') =>
      await end(facts.wait(from, of, status, place, { role, play: 'second' }))
    const [a, b] = ['a', 'b'].map((host) => Object.assign(facts.begin(host), { play: 'second' }))
    return { facts, wait, a: a!, b: b! }
  }
  const anew = again()
  const waiting = anew.wait()
  anew.facts.publish('a', status, 2, { member: anew.a, role: 'mesh', play: 'second' })
  t.equal(await waiting, 2)
  t.equal(await anew.wait(), 2)

  t.equal(await again('other').wait(), 1, 'another role takes what there is')

  const without = again()
  const until = without.wait()
  without.facts.finish(without.a)
  t.equal(await until, 1, 'none comes')
  t.equal(await without.wait(), 1)

  const failed = again()
  const lost = failed.wait()
  failed.facts.fail(failed.a, new Error('disk full'))
  t.match(await lost, { code: 'FACT_PUBLISHER_FAILED' })
  t.match(await failed.wait(), { code: 'FACT_PUBLISHER_FAILED' }, 'asked after it too')

  const earlier = again()
  earlier.a.play = 'between'
  earlier.facts.fail(earlier.a, new Error('disk full'))
  t.equal(await earlier.wait(), 1, 'what has failed in another play tells nothing here')

  const elsewhere = again()
  elsewhere.a.play = 'between'
  t.equal(await elsewhere.wait(), 1, 'a peer that takes no part in the play is not waited for')

  const checked = again()
  const unknown = checked.wait()
  checked.facts.unknown(checked.a, 'it would be installed')
  checked.facts.finish(checked.a)
  t.ok((await unknown) instanceof Known)
  t.ok((await checked.wait()) instanceof Known, 'asked after it too')

  const circle = again()
  circle.facts.publish('b', status, 10, { member: circle.b, role: 'mesh', play: 'first' })
  const both = [circle.wait('b', 'a'), circle.wait('a', 'b')]
  t.same(await Promise.all(both), [1, 10], 'each has only what was told earlier')
})

t.test('one that goes on with an earlier fact may publish what others wait for', async (t) => {
  const facts = board('a', 'b', 'c')
  facts.publish('c', status, 1, { member: facts.of('c'), role: 'mesh', play: 'first' })
  for (const host of ['a', 'b', 'c']) Object.assign(facts.begin(host), { play: 'second' })
  const there = { role: 'mesh', play: 'second' }
  const passed = facts.wait('a', 'c', status, place, there).then(() => facts.publish('a', key, 'x'))
  const circle = [facts.wait('a', 'b', key, place), facts.wait('b', 'a', key, place)]
  const late = facts.begin('c')
  facts.finish(late)
  await passed
  facts.publish('b', key, 'y')
  t.same(await Promise.all(circle.map(end)), ['y', 'x'])
})

t.test('what a host says that is only gone through does not stand for what it does', async (t) => {
  const facts = board('a', 'b')
  const observed = Object.assign(facts.of('a'), { observed: true })
  const real = facts.begin('a')
  const wait = end(facts.wait('b', 'a', status, place))
  facts.publish('a', status, 1, { member: observed })
  const asked = end(facts.wait('b', 'a', status, place))
  facts.publish('a', status, 2, { member: real })
  t.same(await Promise.all([wait, asked]), [2, 2])
  facts.publish('a', status, 1, { member: observed })
  t.equal(await end(facts.wait('b', 'a', status, place)), 2)
})

t.test('what one host publishes on behalf of another counts', async (t) => {
  const facts = board('a', 'b')
  const wait = end(facts.wait('a', 'b', status, place))
  facts.publish('b', status, 1, { member: facts.of('a') })
  t.equal(await wait, 1)
  facts.publish('b', status, 2, { member: facts.of('a') })
  t.equal(await end(facts.wait('a', 'b', status, place)), 2)
})

t.test('a wait that can not end fails at once', async (t) => {
  const cause = new Error('disk full')
  const cases: {
    name: string
    hosts: string[]
    act: (facts: ReturnType<typeof board>) => void
    code: string
    message: RegExp
  }[] = [
    {
      name: 'the publisher fails',
      hosts: ['a', 'b'],
      act: (facts) => facts.fail(facts.of('a'), cause),
      code: 'FACT_PUBLISHER_FAILED',
      message: /fact "status" of host "a" for host "b": "a" has failed/,
    },
    {
      name: 'the publisher ends without publishing',
      hosts: ['a', 'b'],
      act: (facts) => facts.finish(facts.of('a')),
      code: 'FACT_NOT_PUBLISHED',
      message: /"a" has finished without publishing it/,
    },
    {
      name: 'the publisher takes no part',
      hosts: ['b'],
      act: () => undefined,
      code: 'FACT_NOT_PUBLISHED',
      message: /"a" takes no part in this play/,
    },
  ]
  for (const { name, hosts, act, code, message } of cases) {
    const facts = board(...hosts)
    const wait = end(facts.wait('b', 'a', status, place))
    act(facts)
    const error = await wait
    if (!(error instanceof HostwrightError)) return t.fail(`${name}: ${String(error)}`)
    t.match(
      { code: error.code, message: error.message, place: error.place, host: error.host },
      { code, message, place, host: 'b' },
      name,
    )
    t.ok(error.hint, 'says what to do')
    if (code === 'FACT_PUBLISHER_FAILED') t.equal(error.cause, cause)
  }
})

t.test('a circle is named with its hosts, facts and places', async (t) => {
  const facts = board('a', 'b', 'c', 'd')
  const waits = [
    facts.wait('a', 'b', status, place),
    facts.wait('b', 'c', key, place),
    facts.wait('c', 'a', status, place),
  ].map(end)
  const outside = end(facts.wait('d', 'a', status, place))
  for (const error of await Promise.all(waits)) {
    t.match(error, { code: 'FACT_CIRCLE' })
    for (const part of [
      '"a" waits for "status" of "b"',
      '"b" waits for "key" of "c"',
      '"c" waits for "status" of "a"',
      'site.ts:7:3',
    ])
      t.match((error as Error).message, part)
  }
  facts.publish('a', status, 3)
  t.equal(await outside, 3, 'who waits for a member from outside is not in the circle')
})

t.test('a host that waits and works is in no circle', async (t) => {
  const facts = board('a', 'b')
  const first = facts.wait('a', 'b', status, place)
  const second = facts.wait('b', 'a', key, place)
  void facts.busy('b', async () => {
    await sleep(60)
    facts.publish('b', status, 9)
  })
  t.equal(await end(first), 9)
  facts.publish('a', key, 'x')
  t.equal(await end(second), 'x')
})

t.test('what check mode could not know ends waits as unknown, not as an error', async (t) => {
  const facts = board('a', 'b')
  const wait = end(facts.wait('b', 'a', status, place))
  facts.unknown(facts.of('a'), 'package mariadb-server would be installed')
  facts.finish(facts.of('a'))
  t.match(await wait, { message: 'package mariadb-server would be installed' })
  t.ok((await wait) instanceof Known)
})

t.test('what is told of an earlier part of a host does not end its later one', async (t) => {
  const facts = board('a', 'b')
  const wait = end(facts.wait('b', 'a', status, place))
  const earlier = facts.of('a')
  facts.begin('a')
  facts.fail(earlier, new Error('too late'))
  await sleep(30)
  facts.publish('a', status, 5)
  t.equal(await wait, 5)
})
