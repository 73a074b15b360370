import { nearMisses } from '../inventory/near-misses.js'

/**
 * A hint for a name that there is not: which one may have been meant, and where all are told.
 *
 * @example
 * didYouMean('lsyncd', ['epel', 'lsyncd_peer'], 'See --help') // 'Did you mean lsyncd_peer? See --help'
 */
export function didYouMean(wanted: string, names: readonly string[], help: string): string {
  // Ansible takes the beginning of a flag for the flag.
  const begun = wanted.length > 3 ? names.find((name) => name.startsWith(wanted)) : undefined
  const near = begun ?? nearMisses(wanted, names)[0]
  return near === undefined ? help : `Did you mean ${near}? ${help}`
}
