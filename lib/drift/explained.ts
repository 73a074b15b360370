/**
 * Whether drift that was found explains why something is not known: what would have to be mended first
 * is on the host itself, or on the host whose fact is lacking.
 *
 * @param drifted the hosts that have drifted
 */
export function isExplained(why: string, host: string, drifted: ReadonlySet<string>): boolean {
  // Not in the next check either, whatever is mended.
  if (/does not run in check mode/.test(why)) return false
  if (drifted.has(host)) return true
  return [...why.matchAll(/fact "[^"]*" of "([^"]*)"/g)].some(([, peer = '']) => drifted.has(peer))
}
