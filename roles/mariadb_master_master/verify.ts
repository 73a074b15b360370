import { randomBytes } from 'node:crypto'
import { check, HostwrightError, role, type Check, type Host } from '../../lib/index.js'
import { covers, parseGtids } from '../../lib/internal.js'
import { bindAddressOf, nodesOf } from './nodes.js'
import { params } from './params.js'
import { ask, execute } from './sql.js'
import { tableChecksums } from './tableChecksums.js'

/**
 * Milliseconds: for a connection to be made again; for a node that was cut off to have caught up,
 * which a dead connection delays until slave_net_timeout; for a change to arrive.
 */
const patience = { connection: 30_000, catchUp: 90_000, change: 20_000 }

/** The beginning of the names of databases that nothing but verifying makes. */
const probes = 'hostwright_verify_'

/**
 * Checks what the role is for: the server is bound where it has to be, follows every other node
 * without delay, what is done here is done there, and all have the same data. It takes the role's own
 * parameters. The databases that it makes are dropped whatever happens.
 *
 * @example
 * await verifyMariadbMasterMaster(host)
 */
export const verifyMariadbMasterMaster = role({
  name: 'mariadb_master_master',
  params,
  returns: 'the checks, each with its result',
  async run(host, wish): Promise<readonly Check[]> {
    const nodes = nodesOf(host, wish)
    const peers = othersOf(host, nodes)
    const prefix = `${probes}${nodes.find(({ name }) => name === host.name)?.id ?? 0}_`
    const checks = [
      await check(host, `MariaDB is bound to port ${wish.port}`, async () => {
        const address = await bindAddressOf(host, wish)
        await isBound(host, address, wish.port)
      }),
      ...(await verifyFollows(host, peers)),
    ]
    // Nothing comes to those who wait for replication that does not run.
    const within = checks.every(({ result }) => result !== 'failed') ? patience.change : 0
    for (const peer of peers) {
      checks.push(...(await verifyDatabase(host, peer, prefix, within)))
      checks.push(
        await check(
          host,
          `has the same tables as ${peer.name}`,
          async () => await hasSameTables(host, peer),
          { within },
        ),
      )
    }
    checks.push(
      await check(host, 'no database is left', async () => await dropProbes(host, prefix), {
        probes: true,
      }),
    )
    return checks
  },
})

/**
 * Checks that every node follows all others and has all that they had, and leaves nothing: for a
 * pause between two changes. It takes the role's own parameters.
 */
export const verifyReplication = role({
  name: 'mariadb_master_master',
  params,
  returns: 'the checks, each with its result',
  async run(host, wish): Promise<readonly Check[]> {
    const nodes = nodesOf(host, wish)
    const all = [host, ...othersOf(host, nodes)]
    const checks = await Promise.all(
      all.map(async (node) => await verifyFollows(node, othersOf(node, nodes))),
    )
    return checks.flat()
  },
})

function othersOf(host: Host, nodes: readonly { readonly name: string }[]): readonly Host[] {
  return nodes.filter(({ name }) => name !== host.name).map(({ name }) => host.delegateTo(name))
}

async function verifyFollows(host: Host, peers: readonly Host[]): Promise<readonly Check[]> {
  const names = peers.map(({ name }) => name).join(', ')
  const runs = await check(
    host,
    `replicates from ${names}`,
    async () => await bothThreadsRun(host, peers.length),
    { within: patience.connection },
  )
  return [
    runs,
    await check(
      host,
      `has all transactions of ${names}`,
      async () => await hasTransactionsOf(host, peers),
      { within: runs.result === 'failed' ? 0 : patience.catchUp },
    ),
  ]
}

/** A database made here comes to the other node, and one dropped there goes here. */
async function verifyDatabase(
  host: Host,
  peer: Host,
  prefix: string,
  within: number,
): Promise<readonly Check[]> {
  const name = `${prefix}${randomBytes(4).toString('hex')}`
  let [made, dropped] = [false, false]
  const arrives = await check(
    host,
    `a database made here is on ${peer.name}`,
    async () => {
      if (!made) await execute(host, `CREATE DATABASE ${name}`)
      made = true
      if (!(await databasesOf(peer)).includes(name)) throw broken(`${name} is not there`)
    },
    { probes: true, within },
  )
  const goes = await check(
    host,
    `dropped on ${peer.name}, it is gone here`,
    async () => {
      if (arrives.result !== 'passed') throw broken(`${name} was not there`)
      // IF EXISTS goes into the log as well: where it is gone already, replication does not stop.
      if (!dropped) await execute(peer, `DROP DATABASE IF EXISTS ${name}`)
      dropped = true
      if ((await databasesOf(host)).includes(name)) throw broken(`${name} is still here`)
    },
    { probes: true, within: arrives.result === 'passed' ? within : 0 },
  )
  return [arrives, goes]
}

async function databasesOf(host: Host): Promise<readonly string[]> {
  return (await ask(host, 'SHOW DATABASES')).map(({ Database = '' }) => Database)
}

/** With those that a run which was interrupted has left. */
async function dropProbes(host: Host, prefix: string): Promise<void> {
  const names = (await databasesOf(host)).filter((name) => name.startsWith(prefix))
  for (const name of names) await execute(host, `DROP DATABASE IF EXISTS ${name}`)
}

async function isBound(host: Host, address: string, port: number): Promise<void> {
  const { stdout } = await host.$({ readOnly: true })`ss -Hltn sport = :${port}`
  const bound = stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/)[3] ?? '')
    .filter((one) => one !== '')
  const wanted = ['0.0.0.0', '::', '*'].includes(address) ? ['0.0.0.0', '[::]', '*'] : [address]
  if (bound.some((one) => wanted.some((each) => one === `${each}:${port}`))) return
  throw new HostwrightError(
    'CHECK_FAILED',
    `Cannot find MariaDB at "${address}:${port}": bound is ${bound.join(', ') || 'nothing'}`,
    { hint: 'see systemctl status mariadb, and bind_address' },
  )
}

async function bothThreadsRun(host: Host, count: number): Promise<void> {
  const connections = await ask(host, 'SHOW ALL SLAVES STATUS')
  if (connections.length !== count)
    throw broken(`there are ${connections.length} connections, not ${count}`)
  for (const connection of connections) {
    const wrong = Object.entries(running).find(([name, value]) => connection[name] !== value)?.[0]
    if (wrong === undefined) continue
    const said = ['Last_IO_Error', 'Last_SQL_Error']
      .map((name) => connection[name])
      .join(' ')
      .trim()
    throw broken(
      `from ${connection['Master_Host']} ${wrong} is ${connection[wrong]}${said === '' ? '' : `: ${said}`}`,
    )
  }
}

const running = { Slave_IO_Running: 'Yes', Slave_SQL_Running: 'Yes', Seconds_Behind_Master: '0' }

/**
 * Threads that run do not tell that all has come: a server that was made anew leaves out what bears
 * its own number.
 */
async function hasTransactionsOf(host: Host, peers: readonly Host[]): Promise<void> {
  const position = async (of: Host) =>
    (await ask(of, 'SELECT @@gtid_binlog_pos AS position'))[0]?.['position'] ?? ''
  for (const peer of peers) {
    const theirs = await position(peer)
    const own = await position(host)
    if (!covers(parseGtids(own), parseGtids(theirs)))
      throw broken(`gtid_binlog_pos is ${own}, and on ${peer.name} ${theirs}`)
  }
}

async function hasSameTables(host: Host, peer: Host): Promise<void> {
  const [own, theirs] = await Promise.all([
    tableChecksums(host, probes),
    tableChecksums(peer, probes),
  ])
  const names = [...new Set([...own.keys(), ...theirs.keys()])]
  const different = names.filter((name) => own.get(name) !== theirs.get(name))
  if (different.length === 0) return
  throw new HostwrightError(
    'CHECK_FAILED',
    `Cannot find the same in "${different.join(', ')}": CHECKSUM TABLE gives ${own.get(different[0]!) ?? 'no table'}, and on ${peer.name} ${theirs.get(different[0]!) ?? 'no table'}`,
    {
      hint: 'compare the rows; mariadb_master_master.winner makes all nodes like one, and the others lose theirs',
    },
  )
}

function broken(text: string): HostwrightError {
  return new HostwrightError('CHECK_FAILED', `Cannot rely on replication: ${text}`, {
    hint: 'see SHOW ALL SLAVES STATUS there, and run the role again',
  })
}
