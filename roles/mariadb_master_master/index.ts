import { isDeepStrictEqual } from 'node:util'
import {
  directory,
  file,
  HostwrightError,
  mariadbReplication,
  mariadbStatus,
  mariadbUser,
  mariadbVariables,
  packages,
  role,
  seport,
  service,
  template,
  type Host,
} from '../../lib/index.js'
import { divergedHint, positions } from './diverged.js'
import { nodeNumber, nodeState, nodeVerdict } from './facts.js'
import { familyOf } from './families.js'
import { judge, type Judged, type Verdict } from './judge.js'
import { bindAddressOf, nodesOf, reachableAddress } from './nodes.js'
import { keepNumbers } from './numbers.js'
import { params, type Params } from './params.js'
import { replicate } from './replicate.js'
import { seedAccount, seedNodes, type Seeding } from './seed.js'
import { settingsOf } from './settings.js'

export { nodeState } from './facts.js'

/**
 * MariaDB on every node, each replicating from every other: a change made on one is soon on all.
 * Data are never thrown away but where `winner` says so. See README.md.
 *
 * @throws HostwrightError REPLICATION_DIVERGED where nodes' data contradict each other: all stay
 *   untouched; REPLICATION_BROKEN where replication does not run
 */
export const mariadbMasterMaster = role({
  name: 'mariadb_master_master',
  params,
  families: ['debian', 'redhat'],
  publishes: [nodeState, nodeVerdict, nodeNumber],
  needs: [nodeState, nodeVerdict, nodeNumber],
  checkParams: (host, wish) => void nodesOf(host, wish),
  async run(host, wish) {
    const names = nodesOf(host, wish).map(({ name }) => name)
    const configured = await configure(host, wish)
    await host.publish(nodeState, configured)
    const told = await Promise.all(
      names
        .filter((name) => name !== host.name)
        .map(async (name) => ({ name, ...(await host.peer(name).fact(nodeState)) })),
    )
    const verdicts = await agree(host, configured, told, names)
    const seedings = decide(verdicts, [configured, ...told], wish.winner)
    const { own, peers } = await seedNodes(host, wish, seedings, configured, told)
    await replicate(host, wish, own, peers)
  },
})

/** Installs, configures and starts the server; gives its state. */
async function configure(host: Host, wish: Params): Promise<Judged> {
  const { family: familyName, selinux } = await host.facts()
  const family = familyOf(familyName)
  const nodes = nodesOf(host, wish)
  const node = nodes.find(({ name }) => name === host.name) ?? { name: host.name, id: 0 }
  const bindAddress = await bindAddressOf(host, wish)
  const { options, variables } = settingsOf(node, nodes, wish, family, bindAddress)
  await keepNumbers(host, nodes, family.optionFile)
  const dropIns = `/etc/systemd/system/${family.unit}.service.d`
  // The policy knows the usual port; anywhere else the server may not listen.
  if (wish.port !== 3306 && selinux.status === 'enabled')
    await host.ensure([
      packages({ names: ['policycoreutils-python-utils'] }),
      seport({ port: wish.port, setype: 'mysqld_port_t' }),
    ])
  const results = await host.ensure([
    packages({ names: family.packages }),
    directory({ path: family.logFolder, owner: 'mysql', group: 'mysql', mode: '0750' }),
    directory({ path: dropIns }),
    // An address that the server is bound to may come up after the network's target.
    file({
      path: `${dropIns}/master-master.conf`,
      content:
        '[Unit]\nWants=network-online.target\nAfter=network-online.target\n\n[Service]\nRestart=on-failure\nRestartSec=5s\n',
      mode: '0644',
    }),
    template({
      path: family.optionFile,
      src: 'master-master.cnf.hbs',
      vars: {
        options: Object.entries(options).map(([name, value]) => ({
          name,
          value: optionText(value),
        })),
      },
      mode: '0644',
      validate: `PATH=$PATH:${family.programFolder}; mariadbd --defaults-file=%s --user=mysql --help --verbose >/dev/null`,
    }),
    service({ name: family.unit, enabled: true, state: 'started' }),
    mariadbVariables({ values: variables, unit: family.unit }),
    mariadbUser({
      name: wish.replicationUser,
      host: '%',
      password: wish.replicationPassword,
      privileges: { '*.*': ['REPLICATION SLAVE'] },
      requireSsl: wish.tls !== undefined,
      // Each node makes its own: an account that came by replication would stop it with error 1396.
      binlog: false,
    }),
    // What a run that was killed may have left.
    mariadbUser({ name: seedAccount, host: '%', state: 'absent', binlog: false }),
    mariadbStatus({}),
  ])
  const state = results[9]
  // In check mode: names what can't be planned yet.
  if (state.status === 'unknown')
    await host.ensure(
      nodes.flatMap(({ name }) => (name === host.name ? [] : [unplanned(host, wish, name)])),
    )
  return {
    name: host.name,
    address: await reachableAddress(host, bindAddress),
    port: wish.port,
    status: { ...state.output },
  }
}

function unplanned(host: Host, wish: Params, name: string) {
  const { ansible_host: address } = host.peer(name).vars
  return mariadbReplication({
    source: typeof address === 'string' ? address : name,
    port: wish.port,
    user: wish.replicationUser,
    password: wish.replicationPassword,
  })
}

function optionText(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? 'ON' : 'OFF') : String(value)
}

/** Every node judges itself, beside what the others have told before, and tells it. */
async function agree(
  host: Host,
  own: Judged,
  peers: readonly Judged[],
  names: readonly string[],
): Promise<ReadonlyMap<string, Verdict>> {
  let verdict = judge(own, peers)
  if (verdict.kind !== 'member') {
    // A peer may have had this node's newest transactions before its own state was read.
    const { output: status } = await host.ensure(mariadbStatus({ again: true }))
    if (!isDeepStrictEqual(status, own.status)) verdict = judge({ ...own, status }, peers)
  }
  await host.publish(nodeVerdict, verdict)
  const verdicts = new Map<string, Verdict>()
  for (const name of names)
    verdicts.set(name, name === host.name ? verdict : await host.peer(name).fact(nodeVerdict))
  return verdicts
}

/** Which nodes are filled from which; every node comes to the same. */
function decide(
  verdicts: ReadonlyMap<string, Verdict>,
  nodes: readonly Judged[],
  winner: string | undefined,
): readonly Seeding[] {
  const against = [...verdicts.values()].find(
    (verdict) =>
      verdict.kind === 'diverged' || (verdict.kind === 'conflict' && winner !== undefined),
  )
  const blank = [...verdicts].flatMap(([name, verdict]) =>
    verdict.kind === 'blank' ? [{ replica: name, source: verdict.source, replace: false }] : [],
  )
  if (!against || !('reason' in against)) return blank
  if (winner === undefined)
    throw new HostwrightError(
      'REPLICATION_DIVERGED',
      `Cannot join "${nodes
        .map(({ name }) => name)
        .toSorted()
        .join(', ')}": their data have diverged: ${against.reason}; ${positions(nodes)}`,
      {
        hint: divergedHint,
      },
    )
  if (verdicts.get(winner)?.kind === 'blank')
    throw new HostwrightError(
      'REPLICATION_DIVERGED',
      `Cannot take the data of winner "${winner}": it has none`,
      {
        hint: 'nothing is touched; name a node that holds data',
      },
    )
  return [...verdicts.keys()]
    .filter((name) => name !== winner)
    .map((name) => ({ replica: name, source: winner, replace: true }))
}
