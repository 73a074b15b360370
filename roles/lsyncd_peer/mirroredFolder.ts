import { HostwrightError, quote, resourceType } from '../../lib/index.js'
import { shell, stat, unitState } from '../../lib/internal.js'
import { mountUnits } from './mountUnits.js'
import { seededMark, stateFolder } from './paths.js'

export interface MirroredFolder {
  readonly seeded: boolean
  readonly empty: boolean
}

/**
 * Looks at the folder and changes nothing. Put before what writes into it: a folder whose file system
 * is not mounted is refused.
 */
export const mirroredFolder = resourceType<{ readonly path: string }, MirroredFolder>({
  name: 'mirroredFolder',
  title: ({ path }) => path,
  reads: ({ path }) => [
    ...mountUnits(path).map((unit) => unitState(unit)),
    stat(seededMark(path)),
    shell(listing(path)),
  ],
  plan({ path }, ask) {
    const missing = mountUnits(path).find((unit) => {
      const state = ask(unitState(unit))
      return state?.loadState === 'loaded' && state.activeState !== 'active'
    })
    if (missing !== undefined)
      throw new HostwrightError(
        'TASK_FAILED',
        `Cannot mirror "${path}": its file system is not mounted`,
        {
          hint: `mount it first (unit ${missing})`,
        },
      )
    return {
      changes: [],
      steps: [],
      output: {
        seeded: ask(stat(seededMark(path))).type === 'file',
        empty: ask(shell(listing(path))).stdout === '',
      },
    }
  },
})

function listing(path: string): string {
  return `find ${quote(path)} -mindepth 1 -maxdepth 1 ! -name ${stateFolder} ! -name lost+found 2>/dev/null | head -n 1`
}
