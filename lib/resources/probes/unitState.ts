import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { words } from './scripts.js'

/** What systemd says of a unit, in its own words. */
export interface UnitState {
  /** `loaded`, `not-found`, `masked`, `bad-setting`, `error`. */
  readonly loadState: string
  /** `active`, `inactive`, `failed`, `activating`, `deactivating`, `reloading`. */
  readonly activeState: string
  readonly subState: string
  /** `enabled`, `disabled`, `static`, `masked`, `indirect`, `generated`, …; empty where there is none. */
  readonly unitFileState: string
  /** Its files have changed since systemd read them. */
  readonly needDaemonReload: boolean
}

const properties = 'LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload'

/**
 * The state of a unit, named with its suffix; null where systemd does not run. A service that is
 * only an init script counts as enabled where a runlevel starts it.
 *
 * @see systemctl(1)
 */
export const unitState: (unit: string) => Query<UnitState | null> = probeKind<
  string,
  UnitState | null
>({
  name: 'unitState',
  id: (unit) => unit,
  script: (units) => `[ ! -d /run/systemd/system ] || {
  systemctl show --property=${properties} -- ${words(units)}
  for link in /etc/rc[2-5].d/S[0-9][0-9]*; do
    [ ! -e "$link" ] || printf '\\n\\nSysV=%s' "\${link##*/S??}"
  done
}`,
  parse(stdout, units) {
    const blocks = stdout.toString().trim().split(/\n\n+/).map(readBlock)
    const started = new Set(blocks.flatMap((block) => block['SysV'] ?? []))
    const shown = blocks.filter((block) => block['LoadState'] !== undefined)
    return units.map((unit, index) => {
      const block = shown[index]
      if (block === undefined) return null
      const file = block['UnitFileState'] ?? ''
      return {
        loadState: block['LoadState'] ?? '',
        activeState: block['ActiveState'] ?? '',
        subState: block['SubState'] ?? '',
        unitFileState:
          file !== 'generated'
            ? file
            : started.has(unit.replace(/\.service$/, ''))
              ? 'enabled'
              : 'disabled',
        needDaemonReload: block['NeedDaemonReload'] === 'yes',
      }
    })
  },
})

function readBlock(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split('\n').map((line) => {
      const at = line.indexOf('=')
      return [line.slice(0, at), line.slice(at + 1)]
    }),
  )
}
