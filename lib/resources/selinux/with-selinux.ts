import { HostwrightError } from '../../core/errors.js'
import { selinux } from '../probes/selinux.js'
import type { Ask, Effects, Plan } from '../types.js'

/** Where SELinux is disabled there is nothing to plan. */
export function withSelinux<Wish>(
  plan: (wish: Wish, ask: Ask) => Plan,
): (wish: Wish, ask: Ask) => Plan {
  return (wish, ask) => {
    if (ask(selinux()).status === 'enabled') return plan(wish, ask)
    return { changes: [], steps: [], skipped: 'SELinux is disabled on the host' }
  }
}

/**
 * The answer of a program that may not be installed.
 *
 * @throws HostwrightError TASK_FAILED where it is not
 */
export function installed<State>(
  state: State | 'lacking',
  program: 'semanage' | 'semodule',
  what: string,
): State {
  if (state !== 'lacking') return state
  const name = program === 'semanage' ? 'policycoreutils-python-utils' : 'policycoreutils'
  throw new HostwrightError(
    'TASK_FAILED',
    `Cannot manage ${what}: ${program} is not installed on the host`,
    { hint: `Install the package ${name} before it` },
  )
}

/** What programs may do can change with the policy. */
export function policyEffects(becomes: Effects['becomes']): Effects {
  return {
    ...(becomes && { becomes }),
    stale: ({ kind }) => /^(?:shell|sefcontext)$/.test(kind.name),
  }
}

/** A name of SELinux's own: of a type, a boolean, a module. */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && /^[A-Za-z][A-Za-z0-9_.-]*$/.test(name)
}
