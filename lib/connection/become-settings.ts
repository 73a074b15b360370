import { secret } from '../core/secret.js'
import type { InventoryHost } from '../inventory/types.js'
import { hostVariables } from './host-variables.js'
import type { Become } from './types.js'

const methods = ['sudo', 'ansible.builtin.sudo', 'community.general.sudo']

/**
 * Whose rights become gives on a host: ansible_become_user, `root` by default, and
 * ansible_become_password. The password is taken out of every output from now on.
 *
 * @throws HostwrightError VARIABLE_INVALID for wrong types, and for any method but sudo
 */
export function becomeSettings(host: InventoryHost): Become {
  const vars = hostVariables(host)
  const method = vars.text('ansible_become_method') ?? 'sudo'
  if (!methods.includes(method))
    throw vars.invalid('ansible_become_method', `"${method}" is not supported`, 'Use sudo')
  for (const name of ['ansible_become_exe', 'ansible_become_flags', 'ansible_sudo_flags'])
    vars.never(name, 'sudo runs with the options -H -S only', 'Take it out')
  const password = vars.text('ansible_become_password', 'ansible_become_pass', 'ansible_sudo_pass')
  const user = vars.text('ansible_become_user', 'ansible_sudo_user') ?? 'root'
  return password === undefined ? { user } : { user, password: secret(password).reveal() }
}
