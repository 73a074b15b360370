import { quote } from '../core/quote.js'
import { resourceType } from './define.js'
import { checkAccount, checkWord, refuse } from './parameters.js'
import { groupEntry } from './probes/groupEntry.js'
import { supposing } from './supposing.js'
import type { CommonOptions, Resource } from './types.js'

export interface GroupOptions {
  readonly name: string
  /** @default the next free number */
  readonly gid?: number
  /** A new one gets a number of the system's range. @default false */
  readonly system?: boolean
  /** @default 'present' */
  readonly state?: 'present' | 'absent'
}

const describe = resourceType<GroupOptions>({
  name: 'group',
  title: ({ name }) => name,
  reads: ({ name }) => [groupEntry(name)],
  plan: supposing(({ name, gid, system, state }, ask) => {
    const now = ask(groupEntry(name))
    const members = now?.members ?? []
    if (state === 'absent') {
      if (now === null) return { changes: [], steps: [] }
      return {
        changes: [{ property: 'state', from: 'present', to: 'absent' }],
        steps: [{ script: `groupdel -- ${quote(name)}` }],
        effects: {
          becomes: [[groupEntry(name), null]],
          stale: ({ kind }) => kind.name === 'account',
        },
      }
    }
    if (now !== null && (gid === undefined || now.gid === undefined || now.gid === gid))
      return { changes: [], steps: [] }
    const id = gid === undefined ? '' : `-g ${gid} `
    const script =
      now === null
        ? `groupadd ${system === true ? '-r ' : ''}${id}-- ${quote(name)}`
        : `groupmod ${id}-- ${quote(name)}`
    return {
      changes: [
        now === null
          ? { property: 'state', from: 'absent', to: 'present' }
          : { property: 'gid', from: String(now.gid), to: String(gid) },
      ],
      steps: [{ script }],
      effects: {
        becomes: [[groupEntry(name), { members, ...(gid !== undefined && { gid }) }]],
        stale: ({ kind }) => kind.name === 'account' && now !== null,
      },
    }
  }),
})

/**
 * A local group.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/group_module.html
 * @see groupadd(8)
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED
 * @example
 * group({ name: 'deploy', system: true })
 */
export function group(options: GroupOptions & CommonOptions): Resource {
  checkAccount(options.name, 'group')
  checkNumber(options.gid, 'gid')
  checkWord(options.state, 'state', ['present', 'absent'])
  return describe(options)
}

/** Checks the number of a user or group. */
export function checkNumber(id: number | undefined, what: string): void {
  if (id !== undefined && (!Number.isInteger(id) || id < 0))
    refuse(`Cannot use ${what} "${id}": it is not a whole number`, 'Give a number from 0')
}
