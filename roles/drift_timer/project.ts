import { command, HostwrightError, packages, quote, type Resource } from '../../lib/index.js'
import type { Params } from './params.js'

/** Seconds that an installation waits for checks under way. */
const patience = 600

/** The project at its commit, with the packages that it needs; nothing where it is there already. */
export function project({ folder, git, revision }: Params): readonly Resource[] {
  if (git === undefined) return []
  if (revision === undefined)
    throw new HostwrightError(
      'PARAMETER_INVALID',
      `Cannot check out "${git}": parameter "revision" is missing`,
      { hint: 'Give drift_timer.revision, the hash of a commit' },
    )
  const at = quote(folder)
  // Written last, so that what was broken off is done again.
  const mark = quote(`${folder}/.git/hostwright-installed`)
  const lines = [
    'set -e',
    // The account has to read all of it, whatever root's umask is.
    'umask 022',
    `mkdir -p -- ${at}`,
    // Checks hold it while they run: none loses its packages half-way, and none begins without them.
    // 9 is the run's own lock. A check that mends this very host would wait for itself.
    `exec 8<${at}`,
    `flock -n 8 || { echo 'waiting for a check to end'; flock -w ${patience} 8 || { echo 'a check has not ended in ${patience} s: let it end, or end it, and run again' >&2; exit 1; }; }`,
    `rm -f -- ${mark}`,
    `if [ -d ${at}/.git ]; then git -C ${at} remote set-url origin ${quote(git)}`,
    `else git clone -q --no-checkout -- ${quote(git)} ${at}; fi`,
    `git -C ${at} cat-file -e ${revision} 2>/dev/null || git -C ${at} fetch -q origin`,
    `git -C ${at} checkout -q --detach --force ${revision}`,
    `cd ${at}`,
    'npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error',
    `echo ${revision} >${mark}`,
  ]
  return [
    packages({ names: ['git'] }),
    command({
      name: `check out ${revision.slice(0, 12)} in ${folder}`,
      run: lines.join('\n'),
      unless: `[ "$(cat ${mark} 2>/dev/null)" = ${revision} ] && [ "$(git -C ${at} rev-parse HEAD)" = ${revision} ]`,
    }),
  ]
}
