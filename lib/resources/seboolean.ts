import { HostwrightError } from '../core/errors.js'
import { quote } from '../core/quote.js'
import { resourceType } from './define.js'
import { refuse } from './parameters.js'
import { seboolean as state } from './probes/seboolean.js'
import { selinux } from './probes/selinux.js'
import { installed, isName, policyEffects, withSelinux } from './selinux/with-selinux.js'
import type { CommonOptions, Resource } from './types.js'

export interface SebooleanOptions {
  /** As `semanage boolean -l` lists it: `httpd_can_network_connect`. */
  readonly name: string
  /** Now and after every boot. */
  readonly value: boolean
}

const describe = resourceType<SebooleanOptions>({
  name: 'seboolean',
  title: ({ name }) => name,
  reads: ({ name }) => [selinux(), state(name)],
  plan: withSelinux(({ name, value }, ask) => {
    const now = installed(ask(state(name)), 'semanage', `boolean "${name}"`)
    if (now === null)
      throw new HostwrightError(
        'TASK_FAILED',
        `Cannot set boolean "${name}": the policy has no such boolean`,
        { hint: 'semanage boolean -l lists them' },
      )
    const word = (on: boolean): string => (on ? 'on' : 'off')
    const changes = (['running', 'persistent'] as const)
      .filter((property) => now[property] !== value)
      .map((property) => ({ property, from: word(now[property]), to: word(value) }))
    if (changes.length === 0) return { changes, steps: [] }
    return {
      changes,
      steps: [{ script: `setsebool -P ${quote(name)} ${word(value)}` }],
      effects: policyEffects([[state(name), { running: value, persistent: value }]]),
    }
  }),
})

/**
 * A boolean of SELinux's policy. Skipped where SELinux is disabled. Built from the manual pages, not
 * run where SELinux is enforcing.
 *
 * @see setsebool(8), semanage-boolean(8)
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/posix/seboolean_module.html
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED, also for a boolean that the
 *   policy does not have, and where semanage is not installed
 * @example
 * seboolean({ name: 'httpd_can_network_connect', value: true })
 */
export function seboolean(options: SebooleanOptions & CommonOptions): Resource {
  const { name, value } = options
  if (!isName(name))
    refuse(
      `Cannot set boolean "${String(name)}": it is not a name`,
      `For example 'rsync_export_all_ro'`,
    )
  if (typeof value !== 'boolean')
    refuse(`Cannot set boolean "${name}": its value is neither true nor false`, 'Give one of them')
  return describe(options)
}
