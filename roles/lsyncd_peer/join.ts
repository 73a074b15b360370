import {
  authorizedKey,
  command,
  file,
  HostwrightError,
  lineInFile,
  service,
  type Host,
} from '../../lib/index.js'
import { lsyncdSource, type LsyncdNode } from './facts.js'
import type { Family } from './families.js'
import { sourcesOf } from './nodes.js'
import type { Params } from './params.js'
import { knownHosts, pullScript, seededMark, settledMark } from './paths.js'

type Nodes = ReadonlyMap<string, LsyncdNode>

/** Lets the peers in, fills the folder where it has to be filled, and starts lsyncd. */
export async function join(
  host: Host,
  wish: Params,
  { rrsync }: Family,
  node: LsyncdNode,
  peers: Nodes,
): Promise<void> {
  const access = accessOf(wish, rrsync, peers)
  const start = service({ name: 'lsyncd', enabled: true, state: 'started' })
  if (node.seeded) {
    const results = await host.ensure([...access, start])
    await host.publish(lsyncdSource, isDone(host, results.slice(0, -1)))
    return
  }
  const ready = isDone(host, await host.ensure(access))
  const sources = sourcesOf({ name: host.name, node }, peers, host.hosts)
  if (sources.length === 0) {
    await host.ensure(seed(wish, `: >${settledMark}`))
    await host.publish(lsyncdSource, ready)
  } else {
    for (const name of sources) await untilSource(host, wish, name)
    await host.ensure(seed(wish, `${pullScript} ${sources.join(' ')}`, sources))
  }
  // A restart that is due is the start, so that there are not two.
  await host.flushHandlers()
  await host.ensure(start)
}

/** The keys by which peers may come in, and those by which they are known. */
function accessOf({ folder, restrictKey, rootKeys }: Params, rrsync: string, peers: Nodes) {
  const restricted = (addresses: readonly string[]): string =>
    `restrict,from="${addresses.join(',')}",command="${rrsync} -no-lock ${folder}"`
  const exclusive = rootKeys !== undefined
  const others = (rootKeys ?? []).map((key) => authorizedKey({ user: 'root', key, exclusive }))
  const keys = [...peers].flatMap(([name, { publicKey, addresses }]) => {
    const [type = '', blob = ''] = publicKey.split(' ')
    const comment = `lsyncd_peer@${name}`
    return [
      authorizedKey({
        user: 'root',
        key: `${type} ${blob} ${comment}`,
        ...(restrictKey && { options: restricted(addresses) }),
        exclusive,
      }),
      // What the node had before it was made anew.
      lineInFile({
        path: '/root/.ssh/authorized_keys',
        regexp: new RegExp(`^(?!.* ${escape(blob)} ).* ${escape(comment)}$`),
        state: 'absent',
      }),
    ]
  })
  const known = [...peers].flatMap(([name, { hostKeys }]) =>
    hostKeys.map(({ type, key }) => `${name} ${type} ${key}\n`),
  )
  return [...others, ...keys, file({ path: knownHosts, content: known.join(''), mode: '0600' })]
}

/** Fills the folder by a command, and marks it once that is done. */
function seed({ folder }: Params, fill: string, sources: readonly string[] = []) {
  const mark = seededMark(folder)
  return command({
    name:
      sources.length === 0 ? `begin with ${folder}` : `fill ${folder} from ${sources.join(', ')}`,
    run: `${fill} && sync -f ${folder} && : >${mark} && sync -f ${mark}`,
    creates: mark,
  })
}

async function untilSource(host: Host, { folder }: Params, name: string): Promise<void> {
  if ((await host.peer(name).fact(lsyncdSource)) || host.check) return
  throw new HostwrightError(
    'TASK_FAILED',
    `Cannot fill "${folder}" from "${name}": it does not know the key of "${host.name}" yet`,
    { hint: `run on "${name}" too, without --limit` },
  )
}

/** False on a host that is only read and that lacks something. */
function isDone(host: Host, results: readonly { readonly changed: boolean }[]): boolean {
  return !host.check || results.every(({ changed }) => !changed)
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
