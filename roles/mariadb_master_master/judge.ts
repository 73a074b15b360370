import type { MariadbStatus } from '../../lib/index.js'
import { domainsOf, parseGtids, sequenceIn, type Gtid, hasDiverged } from '../../lib/internal.js'

/** A node as its peers see it. */
export interface Judged {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly status: MariadbStatus
}

/** What has to become of a node's data. */
export type Verdict =
  /** They stay; replication brings what is missing. */
  | { readonly kind: 'member' }
  /** There are none: they are copied. */
  | { readonly kind: 'blank'; readonly source: string }
  /** They contradict those of a peer; nothing but a decision helps. */
  | { readonly kind: 'diverged'; readonly reason: string }
  /** Replication has stopped at a contradiction; it is tried once more, which helps if it was resolved by hand. */
  | { readonly kind: 'conflict'; readonly reason: string }

/**
 * Judges one node's data beside its peers'. Its own state has to be younger than theirs: what a peer
 * has of this node's transactions, this node must have had before.
 */
export function judge(own: Judged, peers: readonly Judged[]): Verdict {
  const lost = peers.find((peer) => lostTo(own, peer))
  if (!holdsData(own.status)) return judgeBlank(own, peers, lost)
  if (lost)
    return diverged(
      `"${lost.name}" has transactions of "${own.name}" up to ${domainOf(own)} ${sequenceIn(history(lost.status), domainOf(own))}, "${own.name}" itself only up to ${sequenceIn(history(own.status), domainOf(own))}`,
    )
  for (const peer of peers) {
    const reason = contradiction(own, peer)
    if (reason !== undefined) return diverged(reason)
  }
  const stopped = own.status.replicas.find(hasDiverged)
  const error = stopped?.sqlError ?? stopped?.ioError
  return error
    ? {
        kind: 'conflict',
        reason: `replication on "${own.name}" stopped with error ${error.code}: ${error.message}`,
      }
    : { kind: 'member' }
}

/** Whether a server has databases worth keeping. Half a copy is none. */
export function holdsData({ seeding, databases }: MariadbStatus): boolean {
  return !seeding && databases.length > 0
}

/** The last GTID per domain that a server has, written here or replicated. */
export function history({ binlogPosition, replicaPosition }: MariadbStatus): Gtid[] {
  const all = [...parseGtids(binlogPosition), ...parseGtids(replicaPosition)]
  return domainsOf(all).flatMap((domain) => {
    const highest = sequenceIn(all, domain)
    const found = all.find((gtid) => gtid.domain === domain && gtid.sequence === highest)
    return found ? [found] : []
  })
}

function judgeBlank(own: Judged, peers: readonly Judged[], lost: Judged | undefined): Verdict {
  const { status } = own
  const following = peers.some((peer) => follows(own, peer)) && !status.replicas.some(hasDiverged)
  // A node that follows gets the data by itself: a database may be new to the cluster.
  if (following && !lost && !status.seeding) return { kind: 'member' }
  const whole = peers.filter((peer) => !peer.status.seeding)
  const fresh = history(status).length === 0
  const source =
    whole.find((peer) => holdsData(peer.status)) ??
    lost ??
    (fresh || status.seeding ? whole.find((peer) => history(peer.status).length > 0) : undefined) ??
    (status.seeding ? whole[0] : undefined)
  return source ? { kind: 'blank', source: source.name } : { kind: 'member' }
}

/** A peer has transactions of this node that this node lacks: it is not the one that it was. */
function lostTo(own: Judged, peer: Judged): boolean {
  if (peer.status.seeding) return false
  return (
    sequenceIn(history(peer.status), domainOf(own)) > sequenceIn(history(own.status), domainOf(own))
  )
}

function contradiction(own: Judged, peer: Judged): string | undefined {
  if (!holdsData(peer.status)) return undefined
  const mine = history(own.status)
  const theirs = history(peer.status)
  const shared = domainsOf(mine, theirs).filter(
    (domain) => sequenceIn(mine, domain) > 0n && sequenceIn(theirs, domain) > 0n,
  )
  if (shared.length === 0 && !follows(own, peer) && !follows(peer, own))
    return `"${own.name}" and "${peer.name}" both hold databases and have no transaction in common`
  const forked = shared.find(
    (domain) => !knows(own.status, theirs, domain) && !knows(peer.status, mine, domain),
  )
  return forked === undefined
    ? undefined
    : `in GTID domain ${forked} each of "${own.name}" and "${peer.name}" has transactions that the other lacks`
}

/** Whether a server has had the last transaction that another has in a domain. */
function knows(
  { binlogState, replicaPosition }: MariadbStatus,
  other: readonly Gtid[],
  domain: number,
): boolean {
  return other
    .filter((gtid) => gtid.domain === domain)
    .every(({ server, sequence }) =>
      [...parseGtids(binlogState), ...parseGtids(replicaPosition)].some(
        (known) => known.domain === domain && known.server === server && known.sequence >= sequence,
      ),
    )
}

function follows(own: Judged, peer: Judged): boolean {
  return own.status.replicas.some(
    ({ host, port }) => (host === peer.address || host === peer.name) && port === peer.port,
  )
}

function domainOf({ status }: Judged): number {
  return status.domainId
}

function diverged(reason: string): Verdict {
  return { kind: 'diverged', reason }
}
