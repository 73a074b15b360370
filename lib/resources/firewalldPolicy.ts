import { HostwrightError } from '../core/errors.js'
import type { Change } from '../report/events.js'
import { resourceType } from './define.js'
import { letsIn, zoneWithoutSsh } from './firewalld/keeps-ssh.js'
import {
  differences,
  frame,
  isOurs,
  readPresent,
  type Present,
  type Side,
} from './firewalld/present.js'
import { isSource, type FirewalldRule } from './firewalld/rule.js'
import { reload, setRules, writePolicy } from './firewalld/script.js'
import { byText, policyXml } from './firewalld/settings.js'
import { refuse } from './parameters.js'
import { firewalld, type FirewalldState } from './probes/firewalld.js'
import type { CommonOptions, Plan, Resource } from './types.js'

export type { FirewalldRule } from './firewalld/rule.js'

export interface FirewalldPolicyOptions {
  /** Up to 18 letters, digits, _ and -. */
  readonly name: string
  /** All that it lets in; none closes what it has let in before. */
  readonly rules: readonly FirewalldRule[]
}

const describe = resourceType<FirewalldPolicyOptions>({
  name: 'firewalldPolicy',
  title: ({ name }) => name,
  reads: (wish) => [query(wish)],
  plan(wish, ask) {
    const now = ask(query(wish))
    assertServices(wish, now)
    const has = readPresent(now)
    assertSsh(wish, now, has)
    const changes = differences(byText(wish.rules), has, now.running)
    return changes.length === 0 ? { changes, steps: [] } : planChange(wish, now, has, changes)
  },
  // What was written before firewalld started is judged once it has.
  output(wish, ask) {
    const now = ask(query(wish))
    assertServices(wish, now)
    const [left] = now.running ? differences(byText(wish.rules), readPresent(now), true) : []
    if (left === undefined) return
    throw new HostwrightError(
      'TASK_FAILED',
      `Cannot use policy "${wish.name}": firewalld has not taken it over: ${left.property} is ${left.from}`,
      { hint: 'firewall-cmd --check-config and journalctl -u firewalld say why' },
    )
  },
})

/**
 * A policy of firewalld that lets connections to the host in, beside what the zones let in. All of
 * the policy is managed, and nothing else of firewalld: zones, and rules that others have put there,
 * stay. Its file and the running firewalld are kept in step; where firewalld does not run, or is
 * not installed yet, it is ready for it. The first time, and where somebody has changed more than
 * its rules, a running firewalld reloads, which drops no connections but what others have set
 * without `--permanent`.
 *
 * @see firewalld.policies(5), firewalld.richlanguage(5)
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED: where firewalld would no longer
 *   let in the SSH connection that the run uses, knows no such service, or refuses the policy
 * @example
 * firewalldPolicy({ name: 'database', rules: [{ port: 3306, source: '192.0.2.12' }] })
 */
export function firewalldPolicy(options: FirewalldPolicyOptions & CommonOptions): Resource {
  const { name, rules } = options
  if (typeof name !== 'string' || !/^[A-Za-z0-9][\w-]{0,17}$/.test(name))
    refuse(
      `Cannot use policy "${String(name)}": it is not a name of up to 18 letters, digits, _ and -`,
      `For example 'database'`,
    )
  for (const rule of rules) checkRule(rule)
  return describe(options)
}

function checkRule(rule: FirewalldRule): void {
  if (rule.source !== undefined && !isSource(rule.source))
    refuse(
      `Cannot let in source "${rule.source}": it is neither an address nor a network`,
      `For example '192.0.2.12' or '192.0.2.0/24'`,
    )
  if ('service' in rule) {
    if (!/^[\w-]+$/.test(rule.service))
      refuse(
        `Cannot let in service "${rule.service}": it is not the name of a service`,
        `For example 'http'`,
      )
    return
  }
  const [first = 0, last = first, rest] = String(rule.port).split('-').map(Number)
  const valid = /^\d+(?:-\d+)?$/.test(String(rule.port)) && first > 0 && first <= last
  if (!valid || last > 65_535 || rest !== undefined)
    refuse(
      `Cannot let in port "${rule.port}": it is neither a port nor a range of ports`,
      `For example 3306 or '4444-4450'`,
    )
}

function query({ name, rules }: FirewalldPolicyOptions) {
  const services = rules.flatMap((rule) => ('service' in rule ? rule.service : []))
  return firewalld({ policy: name, services: [...new Set(services)] })
}

function planChange(
  wish: FirewalldPolicyOptions,
  now: FirewalldState,
  { file, runtime }: Present,
  changes: readonly Change[],
): Plan {
  const { name } = wish
  const wished = byText(wish.rules)
  const rules = [...wished.keys()]
  const right = (side: Side): boolean => isOurs(side) && sameKeys(side.rules, wished)
  const steps = []
  const permanent = policyXml(frame, [...wished.values()])
  if (!right(file)) steps.push({ script: writePolicy(name), input: Buffer.from(permanent) })
  // Where SSH came in by a rule that goes, it is the zones' files that have been found to let it in.
  const rulesOnly = isOurs(runtime) && !closesSsh(wish, now, { file, runtime })
  if (now.running && !right(runtime))
    steps.push({ script: rulesOnly ? setRules(name, rules) : reload(name) })
  const after: FirewalldState = {
    ...now,
    permanent,
    runtime: now.running ? { ...frame, rules, others: [] } : null,
  }
  return { changes, steps, effects: { becomes: [[query(wish), after]] } }
}

function sameKeys(one: ReadonlyMap<string, unknown>, two: ReadonlyMap<string, unknown>): boolean {
  return one.size === two.size && [...one.keys()].every((key) => two.has(key))
}

function assertServices({ name }: FirewalldPolicyOptions, now: FirewalldState): void {
  const [missing] = now.missing
  if (!now.installed || missing === undefined) return
  throw new HostwrightError(
    'TASK_FAILED',
    `Cannot use policy "${name}": firewalld knows no service "${missing}"`,
    { hint: 'firewall-cmd --get-services lists them' },
  )
}

/** Refuses where firewalld is about to start or to close a port, and SSH would end with it. */
function assertSsh(wish: FirewalldPolicyOptions, now: FirewalldState, has: Present): void {
  const { ssh } = now
  if (ssh === null || (now.running && !closesSsh(wish, now, has))) return
  const zone = zoneWithoutSsh(now, wish.rules)
  if (zone === undefined) return
  throw new HostwrightError(
    'TASK_FAILED',
    `Cannot use policy "${wish.name}": SSH from "${ssh.client}" to port ${ssh.port} would be cut off: neither the policy nor zone "${zone}" lets it in`,
    { hint: `let in port ${ssh.port} too, or open it in the zone first` },
  )
}

/** Whether a rule goes that lets in the SSH connection of this run. */
function closesSsh(
  wish: FirewalldPolicyOptions,
  { ssh }: FirewalldState,
  { file, runtime }: Present,
): boolean {
  const wished = byText(wish.rules)
  return [...file.rules, ...runtime.rules].some(
    ([text, rule]) => ssh !== null && !wished.has(text) && letsIn(rule, ssh),
  )
}
