import t, { type Test } from 'tap'
import { lab } from '../fixtures/inventories/mariadb-data/hosts.js'
import {
  changes,
  everything,
  explain,
  failures,
  mariadbPair,
  nodes,
  someData,
  type Node,
} from '../fixtures/mariadb.js'

const { sql, eventually, run, check, kill, converges, replicates, same, wipe } = mariadbPair(
  lab,
  'test/fixtures/inventories/mariadb-data',
)

/** What CI has no time for. */
const whole = { skip: process.env['HOSTWRIGHT_TEST'] !== 'all' && 'only with HOSTWRIGHT_TEST=all' }

const state = async (): Promise<string[]> =>
  await Promise.all(nodes.map(async (node) => await sql(node, `${everything}; SHOW DATABASES`)))
/** A run refuses and touches nothing. */
async function refused(t: Test, message: RegExp): Promise<void> {
  const before = await state()
  const finished = await run()
  t.equal(finished.exitCode, 2, explain(finished))
  const [first] = failures(finished)
  t.match(first?.error, {
    code: 'REPLICATION_DIVERGED',
    message,
    hint: /mariadb_master_master\.winner/,
  })
  t.equal(failures(finished).length, 2)
  t.strictSame(await state(), before, 'both are untouched')
}
/** A run makes both nodes like the winner. */
async function wins(t: Test, winner: Node): Promise<void> {
  const before = await sql(winner, everything)
  await converges(t, { winner })
  for (const node of nodes)
    t.equal(await sql(node, everything), before, `${node} has the data of ${winner}`)
  await replicates(t)
}

t.test('mariadb_master_master: data', { timeout: 1_790_000 }, async (t) => {
  t.teardown(async () => await lab.down())
  await lab.down()
  await lab.up()

  await t.test('a pair with data', async (t) => {
    await converges(t)
    await sql('m1', someData)
    await eventually('m2', 'SELECT COUNT(*) FROM acme.orders', '2')
    await replicates(t)
  })

  await t.test('gives a host that was destroyed its data back', async (t) => {
    const before = await sql('m1', everything)
    await lab.reset('m2')
    await converges(t)
    t.equal(await sql('m1', everything), before, 'nothing has changed on the other')
    t.equal(await sql('m2', everything), before)
    t.equal(
      await sql('m2', 'SELECT acme.one(), COUNT(*) FROM acme.all_orders'),
      await sql('m1', 'SELECT acme.one(), COUNT(*) FROM acme.all_orders'),
    )
    t.equal(await sql('m2', "SHOW GRANTS FOR app@'%'"), await sql('m1', "SHOW GRANTS FOR app@'%'"))
    t.equal(await sql('m1', 'SELECT STATUS FROM information_schema.EVENTS'), 'ENABLED')
    t.equal(await sql('m2', 'SELECT STATUS FROM information_schema.EVENTS'), 'SLAVESIDE_DISABLED')
    for (const node of nodes)
      t.equal(
        await sql(
          node,
          "SELECT COUNT(*) FROM mysql.user WHERE User = 'hostwright_seed'; SELECT @@read_only",
        ),
        '0\n0',
      )
    await replicates(t)
    t.equal(
      await sql('m2', 'SELECT COUNT(*) = COUNT(DISTINCT n) FROM acme.log'),
      '1',
      'triggers ran once',
    )
  })

  await t.test('--check tells of a copy and makes none', async (t) => {
    await wipe('m2')
    const before = await sql('m2', 'SHOW DATABASES; SELECT @@gtid_binlog_pos')
    const planned = await check()
    t.equal(planned.exitCode, 0, explain(planned))
    t.ok(changes(planned).includes('m2 mariadbSeed databases'))
    t.equal(await sql('m2', 'SHOW DATABASES; SELECT @@gtid_binlog_pos'), before)
    t.equal(await sql('m1', "SELECT COUNT(*) FROM mysql.user WHERE User = 'hostwright_seed'"), '0')
  })

  await t.test('makes a broken-off copy again, and never takes it for data', async (t) => {
    for (const when of [
      'mariadbUser hostwright_seed',
      'mariadbSeed',
      'mariadbReplication',
    ] as const) {
      const before = await sql('m1', everything)
      await wipe('m2')
      const killed = await kill(when)
      t.equal(killed.signal, 'SIGKILL', `killed at ${when}`)
      await converges(t)
      t.equal(await sql('m1', everything), before)
      await replicates(t)
    }
    // The middle of a copy, as it is left by a host that lost its power.
    await wipe('m2')
    await sql(
      'm2',
      'SET sql_log_bin = 0; CREATE DATABASE hostwright_seeding; CREATE DATABASE acme; CREATE TABLE acme.orders (id INT)',
    )
    await converges(t)
    t.equal(await sql('m2', "SHOW DATABASES LIKE 'hostwright%'"), '')
    await replicates(t)
  })

  await t.test('refuses nodes that have diverged, and obeys the word which one wins', async (t) => {
    await t.test('the same key on both sides', async (t) => {
      for (const node of nodes) await sql(node, 'STOP SLAVE')
      for (const node of nodes)
        await sql(node, `INSERT INTO acme.orders (id, v) VALUES (1000, 'of ${node}')`)
      await refused(t, /error 1062/)
      await refused(t, /error 1062/)
      await wins(t, 'm2')
    })
    await t.test('a node that was made anew and holds other data', whole, async (t) => {
      await sql('m2', "INSERT INTO acme.orders (v) VALUES ('something of m2')")
      await same(t)
      await wipe('m2')
      await sql('m2', 'CREATE DATABASE acme; CREATE TABLE acme.orders (id INT)')
      await refused(t, /has transactions of "m2" up to/)
      await wins(t, 'm1')
    })
    await t.test('two strangers', whole, async (t) => {
      for (const node of nodes) await wipe(node)
      for (const node of nodes)
        await sql(
          node,
          `CREATE DATABASE acme; CREATE TABLE acme.orders (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40)); INSERT INTO acme.orders (v) VALUES ('${node}')`,
        )
      await refused(t, /no transaction in common/)
      await wins(t, 'm2')
    })
  })

  await t.test('fills a blank node from a server whose data are older than its log', async (t) => {
    for (const node of nodes) await wipe(node)
    await sql(
      'm1',
      `SET sql_log_bin = 0; CREATE DATABASE acme; CREATE TABLE acme.orders (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40)); INSERT INTO acme.orders (v) VALUES ('old')`,
    )
    await converges(t)
    t.equal(await sql('m2', 'SELECT v FROM acme.orders'), 'old')
    await replicates(t)
  })
})
