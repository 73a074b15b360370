/** Private key of this node; its public key is given to the peers. */
export const keyFile = '/root/.ssh/id_lsyncd'
/** How ssh reaches the peers. */
export const sshConfig = '/root/.ssh/lsyncd_config'
export const knownHosts = '/root/.ssh/known_hosts_lsyncd'
/** Fetches what is newer on the peers. */
export const pullScript = '/usr/local/sbin/lsyncd-pull'
/** Says that lsyncd has been started since the node came up. */
export const settledMark = '/run/lsyncd-settled'
export const logFolder = '/var/log/lsyncd'
export const statusFile = `${logFolder}/lsyncd.status`

/** What belongs to the folder's mirroring itself, and is not mirrored. */
export const stateFolder = '.lsyncd'
/**
 * Where files arrive before they are renamed to their places: on the same file system whatever is
 * mounted, and nothing that lsyncd watches. rrsync allows no place outside of the folder.
 */
export const tempFolder = `${stateFolder}/temp`

/** Says that the folder has had all that the peers have. It is gone when the folder is not mounted. */
export function seededMark(folder: string): string {
  return `${folder}/${stateFolder}/seeded`
}
