import { probeKind } from '../resources/define.js'
import { ownIds } from '../resources/probes/scripts.js'

/** The handlers that earlier runs have left due on the host, by role and name. */
export const due = probeKind<null, readonly string[]>({
  name: 'due',
  id: () => '',
  onDemand: () => true,
  script: () => `${libFolder}\n[ ! -d "$hw_lib/due" ] || ls -1 -- "$hw_lib/due"`,
  parse: (stdout) => [readDue(stdout.toString().split('\n'))],
})

/** Shell that names the folder in which the marks stand: root's, or the account's own. */
export const libFolder = `${ownIds}
if [ "$hw_uid" = 0 ]; then hw_lib=/var/lib/hostwright
else hw_lib=$HOME/.local/state/hostwright; fi`

/** Reads the names of the marks. */
export function readDue(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line !== '').map((line) => decodeURIComponent(line))
}
