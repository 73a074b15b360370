import { HostwrightError } from '../core/errors.js'
import { quote } from '../core/quote.js'
import type { Change } from '../report/events.js'
import { resourceType } from './define.js'
import { checkWord, refuse } from './parameters.js'
import { unitState, type UnitState } from './probes/unitState.js'
import type { CommonOptions, Effects, Plan, Resource } from './types.js'

export interface ServiceOptions {
  /** A unit; without a suffix a service. */
  readonly name: string
  /** Whether it is started at boot. @default as it is */
  readonly enabled?: boolean
  /** `restarted` and `reloaded` act every time; a unit that does not run is started. @default as it is */
  readonly state?: 'started' | 'stopped' | 'restarted' | 'reloaded'
  /** Whether it is kept from being started at all. @default as it is */
  readonly masked?: boolean
}

const suffixes = /\.(?:service|socket|timer|target|mount|path|automount|swap|slice|scope|device)$/

/** Probes that do not ask a service, so that none which starts or stops changes their answers. */
const untouched =
  /^(?:stat|sha256|content|package.*|account|groupEntry|identity|hostKeys|system|selinux.*|se(?:boolean|port|fcontext))$/

const describe = resourceType<ServiceOptions>({
  name: 'service',
  title: ({ name }) => name,
  reads: ({ name }) => [unitState(unitOf(name))],
  plan(wish, ask) {
    const now = ask(unitState(unitOf(wish.name)))
    if (now === null)
      throw new HostwrightError(
        'UNSUPPORTED',
        `Cannot manage service "${wish.name}": systemd does not run on the host`,
      )
    return now.loadState === 'not-found' ? planAbsent(wish, now) : planPresent(wish, now)
  },
})

/**
 * A unit of systemd: whether it runs, is started at boot, is masked. systemd reads unit files again
 * where they have changed. A unit that does not exist counts as stopped and disabled.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/systemd_service_module.html
 * @see systemctl(1)
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED, UNSUPPORTED without systemd
 * @example
 * service({ name: 'lsyncd', enabled: true, state: 'started' })
 */
export function service(options: ServiceOptions & CommonOptions): Resource {
  const { name, enabled, state, masked } = options
  if (typeof name !== 'string' || !/^[A-Za-z0-9:_.\\][A-Za-z0-9:_.\\@-]*$/.test(name))
    refuse(
      `Cannot manage service "${String(name)}": it is not the name of a unit`,
      `For example 'nginx'`,
    )
  if (/@(?:\.[a-z]+)?$/.test(name))
    refuse(
      `Cannot manage service "${name}": it is a template, which has no state`,
      `Name an instance of it, for example '${name.replace('@', '@1')}'`,
    )
  if (enabled === undefined && state === undefined && masked === undefined)
    refuse(`Cannot manage service "${name}": nothing is wished`, 'Give enabled, state or masked')
  checkWord(state, 'state', ['started', 'stopped', 'restarted', 'reloaded'])
  if (masked === true && (enabled === true || (state !== undefined && state !== 'stopped')))
    refuse(`Cannot mask service "${name}": it is to be enabled or to run`, 'Leave one of them out')
  return describe(options)
}

/** The full name of a unit. */
export function unitOf(name: string): string {
  return suffixes.test(name) ? name : `${name}.service`
}

function planAbsent(wish: ServiceOptions, now: UnitState): Plan {
  const { name, enabled, state, masked } = wish
  const runs = state !== undefined && state !== 'stopped'
  if (runs || enabled === true)
    throw new HostwrightError(
      'TASK_FAILED',
      `Cannot manage service "${name}": there is no unit "${unitOf(name)}"`,
      {
        hint: 'Install the package that brings it, or write its unit file, before it',
      },
    )
  if (masked !== true) return { changes: [], steps: [] }
  return finish(wish, now, [{ property: 'masked', from: 'no', to: 'yes' }], ['mask'])
}

/** The verbs of systemctl, in the order in which they have to come. */
function planPresent(wish: ServiceOptions, now: UnitState): Plan {
  const { name, enabled, masked, state } = wish
  const changes: Change[] = []
  const verbs: string[] = []
  const isMasked = now.loadState === 'masked' || now.unitFileState.startsWith('masked')
  const change = (property: string, from: string, to: string, verb: string): void => {
    changes.push({ property, from, to })
    verbs.push(verb)
  }
  if (masked === false && isMasked) change('masked', 'yes', 'no', 'unmask')
  if (
    isMasked &&
    masked === undefined &&
    (enabled === true || (state !== undefined && state !== 'stopped'))
  )
    throw new HostwrightError('TASK_FAILED', `Cannot manage service "${name}": it is masked`, {
      hint: 'Give masked: false too',
    })
  if (now.needDaemonReload) change('unit files', 'changed on disk', 'loaded', 'daemon-reload')
  // systemd enables no static or generated unit; what Ansible takes as enabled stays so here.
  const isEnabled = /^(?:enabled|static|indirect|alias|generated|transient)$/.test(
    now.unitFileState,
  )
  const isDisabled = /^(?:disabled|static|indirect|generated|transient|masked|masked-runtime|)$/
  if (enabled === true && !isEnabled) change('enabled', 'no', 'yes', 'enable')
  if (enabled === false && !isDisabled.test(now.unitFileState))
    change('enabled', 'yes', 'no', 'disable')
  const running =
    ['active', 'activating', 'reloading'].includes(now.activeState) &&
    now.subState !== 'auto-restart'
  if (state === 'started' && !running) change('state', now.activeState, 'started', 'start')
  if (state === 'stopped' && (running || now.activeState === 'activating'))
    change('state', now.activeState, 'stopped', 'stop')
  if (state === 'restarted') change('state', now.activeState, 'restarted', 'restart')
  if (state === 'reloaded')
    change('state', now.activeState, 'reloaded', running ? 'reload' : 'start')
  if (masked === true && !isMasked) change('masked', 'no', 'yes', 'mask')
  return changes.length === 0 ? { changes, steps: [] } : finish(wish, now, changes, verbs)
}

function finish(
  wish: ServiceOptions,
  now: UnitState,
  changes: readonly Change[],
  verbs: readonly string[],
): Plan {
  const unit = quote(unitOf(wish.name))
  const lines = verbs.map((verb) =>
    verb === 'daemon-reload'
      ? 'systemctl daemon-reload || exit'
      : /^(?:start|restart|reload)$/.test(verb)
        ? `systemctl ${verb} -- ${unit} || { code=$?; journalctl --sync 2>/dev/null; journalctl --no-pager -q -n 20 -o cat -u ${unit} >&2; exit $code; }`
        : `systemctl ${verb} -- ${unit} || exit`,
  )
  return { changes, steps: [{ script: lines.join('\n') }], effects: effects(wish, now) }
}

function effects(wish: ServiceOptions, now: UnitState): Effects {
  const { name, state, masked } = wish
  const stops = state === 'stopped'
  const after: UnitState = {
    loadState: masked === true ? 'masked' : 'loaded',
    activeState: state === undefined ? now.activeState : stops ? 'inactive' : 'active',
    subState: state === undefined ? now.subState : stops ? 'dead' : 'running',
    unitFileState: fileState(wish, now),
    needDaemonReload: false,
  }
  return {
    becomes: [[unitState(unitOf(name)), after]],
    // A service that has started may have opened ports, and its programs may say something else.
    stale: ({ kind }) => !untouched.test(kind.name),
    unknown: {
      when: ({ kind }, answer) =>
        state !== undefined &&
        (kind.name === 'tcp'
          ? answer === (stops ? 'open' : 'closed')
          : !/^(?:unitState|shell)$/.test(kind.name) && !untouched.test(kind.name)),
      reason: `service ${name} would be ${state ?? 'changed'} first`,
    },
  }
}

function fileState({ enabled, masked }: ServiceOptions, now: UnitState): string {
  if (masked === true) return 'masked'
  if (enabled !== undefined) return enabled ? 'enabled' : 'disabled'
  return masked === false && now.unitFileState.startsWith('masked') ? 'disabled' : now.unitFileState
}
