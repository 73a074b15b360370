import t, { type Test } from 'tap'
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { labSecret } from '../../lib/lab/secrets.js'
import type { FailureEvent, TaskEvent } from '../../lib/report/events.js'
import { lab } from '../fixtures/inventories/mariadb/hosts.js'
import { runPlaybook, startPlaybook, type Finished } from '../fixtures/playbook.js'

const script = 'test/fixtures/playbooks/mariadb.ts'
const args = ['-i', 'test/fixtures/inventories/mariadb', '--output', 'json']
const nodes = ['m1', 'm2'] as const
type Node = (typeof nodes)[number]

/** Runs SQL as root on a node; rows come as lines. */
async function sql(node: Node, statements: string): Promise<string> {
  const [program = '', ...words] = lab.sshCommand(node)
  const child = spawn(program, [...words, 'mariadb --batch --skip-column-names'])
  let out = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  child.stdin.end(statements)
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`${node}: ${statements}: ${errors}`)
  return out.trim()
}

async function shell(node: Node, command: string): Promise<string> {
  const [program = '', ...words] = lab.sshCommand(node)
  const child = spawn(program, [...words, command], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  await new Promise((resolve) => child.on('close', resolve))
  return out.trim()
}

/** Waits until a question has an answer. */
async function eventually(node: Node, question: string, answer: string): Promise<string> {
  let found = ''
  for (let tries = 0; tries < 150; tries += 1) {
    found = await sql(node, question).catch(String)
    if (found === answer) break
    await sleep(200)
  }
  return found
}

async function run(params: object = {}): Promise<Finished> {
  return await runPlaybook(script, args, { env: { PARAMS: JSON.stringify(params) } })
}

function failures({ events }: Finished): FailureEvent[] {
  return events.filter((event): event is FailureEvent => event.type === 'failure')
}

function explain(finished: Finished): string {
  return `exit code ${finished.exitCode}\n${finished.stderr}\n${failures(finished)
    .map((event) => JSON.stringify(event))
    .join('\n')}`
}

/** `node task property`, of all changes. */
function changes({ events }: Finished): string[] {
  return events
    .filter((event): event is TaskEvent => event.type === 'task' && event.status === 'changed')
    .flatMap(({ host, task, changes: all }) =>
      all.map(({ property }) => `${host} ${task.split(' ')[0]} ${property}`),
    )
}

/** A run that ends well, and one after it that has nothing to do. */
async function converges(t: Test, params: object = {}): Promise<Finished> {
  const first = await run(params)
  t.equal(first.exitCode, 0, explain(first))
  const second = await run(params)
  t.equal(second.exitCode, 0, explain(second))
  t.strictSame(changes(second), [], 'a second run has nothing to do')
  return first
}

let number = 0
/** Writes a row on each node and sees it on the other, and all data and positions alike. */
async function replicates(t: Test): Promise<void> {
  for (const [from, to] of [nodes, nodes.toReversed()] as [Node, Node][]) {
    const text = `from ${from} ${(number += 1)}`
    await sql(from, `INSERT INTO acme.orders (v) VALUES ('${text}')`)
    t.equal(
      await eventually(to, `SELECT COUNT(*) FROM acme.orders WHERE v = '${text}'`, '1'),
      '1',
      `${from} to ${to}`,
    )
  }
  await same(t)
}

const everything = 'CHECKSUM TABLE acme.orders; SELECT @@gtid_binlog_pos'
async function same(t: Test): Promise<void> {
  t.equal(
    await eventually('m2', everything, await sql('m1', everything)),
    await sql('m1', everything),
    'data and positions agree',
  )
}

/** A node as it is after a new installation, but quicker. */
async function wipe(node: Node): Promise<void> {
  await sql(
    node,
    `SET sql_log_bin = 0; STOP ALL SLAVES; RESET SLAVE ALL; DROP DATABASE IF EXISTS acme; DROP DATABASE IF EXISTS other;
     DROP USER IF EXISTS app; RESET MASTER; SET GLOBAL gtid_slave_pos = '';`,
  )
}

const data = `
  CREATE DATABASE acme; USE acme;
  CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40), b BLOB, UNIQUE (v)) CHARACTER SET utf8mb4;
  INSERT INTO orders (v, b) VALUES ('größe \\0\\n', X'00FF0A27'), ('two', NULL);
  CREATE TABLE log (n INT);
  CREATE TRIGGER seen AFTER INSERT ON orders FOR EACH ROW INSERT INTO log VALUES (NEW.id);
  CREATE VIEW all_orders AS SELECT * FROM orders;
  CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1;
  CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM log;
  CREATE USER app@'%' IDENTIFIED BY 'app pass'; GRANT ALL ON acme.* TO app@'%';`

t.test('mariadb_master_master', { timeout: 1_700_000 }, async (t) => {
  t.teardown(async () => await lab.down())
  await lab.down()
  await lab.up()

  await t.test('makes two blank hosts a pair', async (t) => {
    const first = await converges(t)
    const password = labSecret('mlab', 'replication').reveal()
    t.notOk(first.stdout.includes(password))
    for (const node of nodes)
      t.equal(
        await shell(node, `grep -rlF '${password}' /etc /root /tmp /run /var 2>/dev/null | sort`),
        '/var/lib/mysql/master.info',
        'the password is where the server keeps it and nowhere else',
      )
    await sql('m1', data)
    await eventually('m2', 'SELECT COUNT(*) FROM acme.orders', '2')
    await replicates(t)
  })

  await t.test('goes on by itself after each node was off and written around', async (t) => {
    for (const [off, on] of [nodes, nodes.toReversed()] as [Node, Node][]) {
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

  await t.test('makes a broken-off copy again, and never takes it for data', async (t) => {
    for (const when of [
      'mariadbUser hostwright_seed',
      'mariadbSeed',
      'mariadbReplication',
    ] as const) {
      const before = await sql('m1', everything)
      await wipe('m2')
      const killed = await startPlaybook(script, args, {
        onEvent: (event, child) => {
          if (event.type === 'start' && event.task.startsWith(when)) child.kill('SIGKILL')
        },
      }).finished
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

  await t.test('by position: changes over, starts from SHOW MASTER STATUS, survives', async (t) => {
    const position = { mode: 'position' }
    const over = await converges(t, position)
    t.strictSame(
      changes(over),
      nodes.map((node) => `${node} mariadbReplication mode`),
    )
    await replicates(t)
    await wipe('m2')
    await converges(t, position)
    await replicates(t)
    for (const node of nodes) await wipe(node)
    await converges(t, position)
    for (const node of nodes) t.match(await sql(node, 'SHOW ALL SLAVES STATUS'), /\tNo\t/)
    await sql('m2', data)
    await eventually('m1', 'SELECT COUNT(*) FROM acme.orders', '2')
    await replicates(t)
    for (const [off, on] of [nodes, nodes.toReversed()] as [Node, Node][]) {
      await shell(off, 'systemctl stop mariadb')
      await sql(on, `INSERT INTO acme.orders (v) VALUES ('by position while ${off} was off')`)
      await shell(off, 'systemctl start mariadb')
      await replicates(t)
    }
    await converges(t)
    await replicates(t)
  })

  await t.test('refuses nodes that have diverged, and obeys the word which one wins', async (t) => {
    const state = async () =>
      await Promise.all(nodes.map(async (node) => await sql(node, `${everything}; SHOW DATABASES`)))
    const refused = async (t: Test, message: RegExp) => {
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
    const wins = async (t: Test, winner: Node) => {
      const before = await sql(winner, everything)
      await converges(t, { winner })
      for (const node of nodes)
        t.equal(await sql(node, everything), before, `${node} has the data of ${winner}`)
      await replicates(t)
    }
    await t.test('the same key on both sides', async (t) => {
      for (const node of nodes) await sql(node, 'STOP SLAVE')
      for (const node of nodes)
        await sql(node, `INSERT INTO acme.orders (id, v) VALUES (1000, 'of ${node}')`)
      await refused(t, /error 1062/)
      await refused(t, /error 1062/)
      await wins(t, 'm2')
    })
    await t.test('a node that was made anew and holds other data', async (t) => {
      await sql('m2', "INSERT INTO acme.orders (v) VALUES ('something of m2')")
      await same(t)
      await wipe('m2')
      await sql('m2', 'CREATE DATABASE acme; CREATE TABLE acme.orders (id INT)')
      await refused(t, /has transactions of "m2" up to/)
      await wins(t, 'm1')
    })
    await t.test('two strangers', async (t) => {
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
