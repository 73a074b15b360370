import { quote } from '../core/quote.js'
import { resourceType } from './define.js'
import { checkWord, refuse } from './parameters.js'
import { selinux } from './probes/selinux.js'
import { selinuxModule as state } from './probes/selinuxModule.js'
import { installed, isName, policyEffects, withSelinux } from './selinux/with-selinux.js'
import type { CommonOptions, Resource } from './types.js'

export interface SelinuxModuleOptions {
  readonly name: string
  /** Its rules in the Common Intermediate Language, which needs no compiler. */
  readonly cil?: string
  /** @default 'present' */
  readonly state?: 'present' | 'absent'
}

const describe = resourceType<SelinuxModuleOptions>({
  name: 'selinuxModule',
  title: ({ name }) => name,
  reads: ({ name }) => [selinux(), state(name)],
  plan: withSelinux(({ name, cil = '', state: wished }, ask) => {
    const now = installed(ask(state(name)), 'semodule', `module "${name}"`)
    const absent = wished === 'absent'
    if (absent ? now === null : now?.cil === cil) return { changes: [], steps: [] }
    const change =
      now === null ? { from: 'absent', to: 'present' } : { from: 'other rules', to: 'these' }
    return {
      changes: [
        absent
          ? { property: 'state', from: 'present', to: 'absent' }
          : { property: 'state', ...change },
      ],
      steps: [
        absent
          ? { script: `semodule -r ${quote(name)}` }
          : { script: install(name), input: Buffer.from(cil) },
      ],
      effects: {
        ...policyEffects([[state(name), absent ? null : { cil }]]),
        // A module may bring booleans, and types that ports and files have.
        stale: ({ kind }) => /^(?:shell|sefcontext|seport|seboolean)$/.test(kind.name),
        unknown: {
          when: ({ kind }, answer) => kind.name === 'seboolean' && answer === null,
          reason: `module "${name}" would be changed first`,
        },
      },
    }
  }),
})

/** semodule takes the name of the module from the name of the file. */
function install(name: string): string {
  return `tmp=$(mktemp -d) || exit
trap 'rm -rf -- "$tmp"' EXIT
cat >"$tmp/${name}.cil" && semodule -i "$tmp/${name}.cil"`
}

/**
 * A module of SELinux's policy, made from its text. Skipped where SELinux is disabled. Built from the
 * manual page, not run where SELinux is enforcing.
 *
 * @see semodule(8)
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED, also for rules that the policy
 *   does not take
 * @example
 * selinuxModule({ name: 'acme-mirror', cil: '(allow rsync_t httpd_sys_rw_content_t (dir (search)))\n' })
 */
export function selinuxModule(options: SelinuxModuleOptions & CommonOptions): Resource {
  const { name, cil } = options
  checkWord(options.state, 'state', ['present', 'absent'])
  if (!isName(name))
    refuse(`Cannot use module "${String(name)}": it is not a name`, `For example 'acme-mirror'`)
  if (options.state !== 'absent' && (typeof cil !== 'string' || cil.trim() === ''))
    refuse(`Cannot use module "${name}": it has no rules`, 'Give cil')
  return describe(options)
}
