/** A global transaction id: `domain-server-sequence`. */
export interface Gtid {
  readonly domain: number
  readonly server: number
  readonly sequence: bigint
}

/**
 * Reads a list such as `1-1-40,2-2-7`: a position has one id per domain, a state one per domain and
 * server.
 *
 * @throws RangeError for anything else
 * @see https://mariadb.com/kb/en/gtid/
 */
export function parseGtids(text: string): Gtid[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const found = /^(\d+)-(\d+)-(\d+)$/.exec(part)
      if (!found) throw new RangeError(`Cannot read GTID ${JSON.stringify(part)}`)
      return { domain: Number(found[1]), server: Number(found[2]), sequence: BigInt(found[3] ?? 0) }
    })
}

export function formatGtids(gtids: readonly Gtid[]): string {
  return gtids.map(({ domain, server, sequence }) => `${domain}-${server}-${sequence}`).join(',')
}

/** The highest sequence in a domain; 0 where there is none. */
export function sequenceIn(gtids: readonly Gtid[], domain: number): bigint {
  let highest = 0n
  for (const gtid of gtids)
    if (gtid.domain === domain && gtid.sequence > highest) highest = gtid.sequence
  return highest
}

/** Whether a position has reached another in every domain of it. */
export function covers(position: readonly Gtid[], other: readonly Gtid[]): boolean {
  return other.every(({ domain, sequence }) => sequenceIn(position, domain) >= sequence)
}

/** The domains of some positions, without repetition. */
export function domainsOf(...positions: readonly (readonly Gtid[])[]): number[] {
  return [...new Set(positions.flat().map(({ domain }) => domain))].toSorted((a, b) => a - b)
}
