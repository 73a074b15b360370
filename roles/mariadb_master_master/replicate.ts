import {
  HostwrightError,
  mariadbGtidWait,
  mariadbReplicaPosition,
  mariadbReplication,
  type Host,
  type MariadbReplicationOptions,
} from '../../lib/index.js'
import {
  covers,
  domainsOf,
  formatGtids,
  parseGtids,
  sequenceIn,
  type Gtid,
} from '../../lib/internal.js'
import { divergedHint, positions } from './diverged.js'
import { history, type Judged } from './judge.js'
import type { Params } from './params.js'

/** The first peer has the default connection, so that a pair has no names, and keeps it when it grows. */
export function connectionTo(peers: readonly Judged[], peer: string): string {
  return peers[0]?.name === peer ? '' : peer
}

/** The connection to a peer, by GTID. */
export function sourceOf(
  wish: Params,
  peer: Judged,
  connection: string,
): MariadbReplicationOptions {
  return {
    source: peer.address,
    port: peer.port,
    user: wish.replicationUser,
    password: wish.replicationPassword,
    ...(connection !== '' && { connection }),
    ...(wish.tls && { tls: { ca: wish.tls.ca } }),
  }
}

/** Has this node follow every peer, and waits until it has all that they had when they told it. */
export async function replicate(
  host: Host,
  wish: Params,
  own: Judged,
  peers: readonly Judged[],
): Promise<void> {
  const halted = peers.filter(
    (peer) => (connectionOf(own, peers, peer)?.ioRunning ?? 'No') === 'No',
  )
  const reached = formatGtids(highest(halted.flatMap((peer) => common(own, peer))))
  const missing = formatGtids(foreign(own, peers))
  try {
    await host.ensure([
      ...(reached === '' ? [] : [mariadbReplicaPosition({ reached })]),
      ...peers.flatMap((peer) =>
        connections(wish, own, peers, peer).map((connection) => mariadbReplication(connection)),
      ),
      ...(missing === '' || host.check
        ? []
        : [mariadbGtidWait({ position: missing, timeout: 30_000 })]),
    ])
  } catch (error) {
    if (!(error instanceof HostwrightError) || error.code !== 'REPLICATION_DIVERGED') throw error
    const { code, message, task, place } = error
    throw new HostwrightError(code, `${message}; ${positions([own, ...peers])}`, {
      task,
      place,
      hint: divergedHint,
      cause: error,
    })
  }
}

/** A connection to one peer as it should be, after what has to be gone through before. */
function connections(
  wish: Params,
  own: Judged,
  peers: readonly Judged[],
  peer: Judged,
): MariadbReplicationOptions[] {
  const gtid = sourceOf(wish, peer, connectionTo(peers, peer.name))
  if (wish.mode === 'gtid') return [gtid]
  const position = { ...gtid, mode: 'position' as const }
  if (runs(wish, own, peers, peer)) return [position]
  const { masterStatus } = peer.status
  const virgin = !connectionOf(own, peers, peer)
  if (virgin && masterStatus && covers(history(own.status), history(peer.status)))
    return [{ ...position, coordinates: masterStatus }]
  // Where the two stand to each other only their GTIDs say; then it goes on by places in the log.
  return [gtid, position]
}

function connectionOf(own: Judged, peers: readonly Judged[], peer: Judged) {
  const name = connectionTo(peers, peer.name)
  return own.status.replicas.find(
    ({ connection }) => connection.toLowerCase() === name.toLowerCase(),
  )
}

/** Whether a connection is in order, so that it goes on from where it is. */
function runs(wish: Params, own: Judged, peers: readonly Judged[], peer: Judged): boolean {
  const connection = connectionOf(own, peers, peer)
  if (connection?.ioRunning !== 'Yes' || connection.sqlRunning !== 'Yes') return false
  const end = peer.status.masterStatus
  if (wish.mode === 'gtid' || !end) return true
  // A source that was made anew has a shorter log than this node has read.
  const { file, position } = connection.applied
  return (
    file < end.file ||
    (file === end.file && position <= end.position) ||
    file.length < end.file.length
  )
}

/** What both have in every domain: a place that the peer's log knows and that this node is past. */
function common(own: Judged, peer: Judged): Gtid[] {
  const mine = history(own.status)
  return history(peer.status).flatMap((theirs) => {
    const sequence = sequenceIn(mine, theirs.domain)
    if (sequence === 0n) return []
    if (sequence >= theirs.sequence) return [theirs]
    return mine.filter(({ domain }) => domain === theirs.domain)
  })
}

/** The last GTID of the peers in every domain but this node's own. */
function foreign(own: Judged, peers: readonly Judged[]): Gtid[] {
  const theirs = highest(peers.flatMap(({ status }) => parseGtids(status.binlogPosition)))
  return theirs.filter(({ domain }) => domain !== own.status.domainId)
}

/** The last GTID in every domain. */
function highest(gtids: readonly Gtid[]): Gtid[] {
  return domainsOf(gtids).flatMap((domain) => {
    const last = sequenceIn(gtids, domain)
    return gtids.filter((gtid) => gtid.domain === domain && gtid.sequence === last).slice(0, 1)
  })
}
