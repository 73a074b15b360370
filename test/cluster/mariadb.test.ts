import t from 'tap'
import { labSecret } from '../../lib/lab/secrets.js'
import { lab } from '../fixtures/inventories/mariadb/hosts.js'
import { bothWays, changes, explain, mariadbPair, nodes, someData } from '../fixtures/mariadb.js'

const { sql, shell, eventually, run, converges, replicates, wipe } = mariadbPair(
  lab,
  'test/fixtures/inventories/mariadb',
)

t.test('mariadb_master_master: replication', { timeout: 890_000 }, async (t) => {
  t.teardown(async () => await lab.down())
  await lab.down()
  await lab.up()

  await t.test('makes two blank hosts a pair', async (t) => {
    const first = await converges(t)
    const password = labSecret('mlab', 'replication').reveal()
    t.notOk(first.stdout.includes(password))
    for (const node of nodes)
      t.equal(
        await shell(
          node,
          `grep -rlF -e '${password}' /etc /root /tmp /run /var 2>/dev/null | sort`,
        ),
        '/var/lib/mysql/master.info',
        'the password is where the server keeps it and nowhere else',
      )
    await sql('m1', someData)
    await eventually('m2', 'SELECT COUNT(*) FROM acme.orders', '2')
    await replicates(t)
  })

  await t.test('gives no node the number of another, and touches none', async (t) => {
    const numbers = () =>
      Promise.all(nodes.map((node) => sql(node, 'SELECT @@server_id, @@gtid_domain_id')))
    const before = await numbers()
    const refused = await run({ nodes: nodes.toReversed() })
    t.equal(refused.exitCode, 2)
    t.match(explain(refused), /Cannot make .* of the cluster: it is number/)
    t.strictSame(changes(refused), [])
    t.same(await numbers(), before)
  })

  await t.test('goes on by itself after each node was off and written around', async (t) => {
    for (const [off, on] of bothWays) {
      await lab.stop(off)
      await sql(on, `INSERT INTO acme.orders (v) VALUES ('while ${off} was off')`)
      await lab.start(off)
      t.equal(
        await eventually(
          off,
          `SELECT COUNT(*) FROM acme.orders WHERE v = 'while ${off} was off'`,
          '1',
        ),
        '1',
      )
      await replicates(t)
    }
    const after = await run()
    t.strictSame(changes(after), [], explain(after))
  })

  await t.test('sets right what was changed by hand', async (t) => {
    await sql(
      'm1',
      "STOP SLAVE; CHANGE MASTER TO MASTER_USER = 'nobody', MASTER_CONNECT_RETRY = 60; START SLAVE",
    )
    await sql(
      'm2',
      'SET sql_log_bin = 0; STOP SLAVE; SET GLOBAL sync_binlog = 0; REVOKE REPLICATION SLAVE ON *.* FROM replusr; GRANT SELECT ON *.* TO replusr',
    )
    await eventually('m1', 'SELECT 1', '1')
    const fixed = await converges(t)
    t.strictSame(
      changes(fixed)
        .filter((change) => !change.includes('Thread'))
        .toSorted(),
      [
        'm1 mariadbReplication connectRetry',
        'm1 mariadbReplication user',
        'm2 mariadbUser privileges on *.*',
        'm2 mariadbVariables sync_binlog',
      ],
    )
    await replicates(t)
    const renewed = await converges(t, { replicationPassword: 'another one' })
    t.strictSame(
      changes(renewed).toSorted(),
      nodes.flatMap((node) => [
        `${node} mariadbReplication password`,
        `${node} mariadbUser password`,
      ]),
    )
    await converges(t)
    await replicates(t)
  })

  await t.test('by position: changes over, starts from SHOW MASTER STATUS, survives', async (t) => {
    const position = { mode: 'position' }
    const over = await converges(t, position)
    t.strictSame(
      changes(over).toSorted(),
      nodes.map((node) => `${node} mariadbReplication mode`),
    )
    await replicates(t)
    await wipe('m2')
    await converges(t, position)
    await replicates(t)
    for (const node of nodes) await wipe(node)
    const virgin = await converges(t, position)
    t.strictSame(
      changes(virgin).toSorted(),
      nodes.map((node) => `${node} mariadbReplication source`),
      'a new pair starts by position at once',
    )
    await sql('m2', someData)
    await eventually('m1', 'SELECT COUNT(*) FROM acme.orders', '2')
    await replicates(t)
    for (const [off, on] of bothWays) {
      await shell(off, 'systemctl stop mariadb')
      await sql(on, `INSERT INTO acme.orders (v) VALUES ('by position while ${off} was off')`)
      await shell(off, 'systemctl start mariadb')
      await replicates(t)
    }
    await converges(t)
    await replicates(t)
  })
})
