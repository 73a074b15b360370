import type { Change } from '../../report/events.js'
import type { FirewalldState, RuntimePolicy } from '../probes/firewalld.js'
import { readRichRule, ruleTitle, type FirewalldRule } from './rule.js'
import { byText, readSettings, type Frame } from './settings.js'

/** A policy as it is, in its file and in the running firewalld. */
export interface Present {
  readonly file: Side
  readonly runtime: Side
}

export interface Side {
  /** Which connections it is about, in words; undefined where there is no policy. */
  readonly frame: string | undefined
  /** By their texts. */
  readonly rules: ReadonlyMap<string, FirewalldRule>
  /** What no policy of this library has. */
  readonly foreign: readonly string[]
}

/**
 * The same for every policy. It comes after the zones' own rules, so that what a zone denies stays
 * denied, and before a zone refuses the rest.
 */
export const frame: Frame = {
  priority: 100,
  target: 'CONTINUE',
  ingress: ['ANY'],
  egress: ['HOST'],
}

export function readPresent({ permanent, runtime }: FirewalldState): Present {
  return { file: readFile(permanent), runtime: readRuntime(runtime) }
}

/** Whether there is a policy, and nothing but its rules may have to change. */
export function isOurs(side: Side): boolean {
  return side.frame === frameText(frame) && side.foreign.length === 0
}

const absent: Side = { frame: undefined, rules: new Map(), foreign: [] }

function readFile(xml: string | null): Side {
  if (xml === null) return absent
  const { attributes, ingress, egress, plain, rules, others } = readSettings(xml)
  const { priority, target = 'none' } = attributes
  return {
    frame: frameText({ priority: Number(priority), target, ingress, egress }),
    rules: byText(rules),
    foreign: [...plain.map(ruleTitle), ...others],
  }
}

function readRuntime(runtime: RuntimePolicy | null): Side {
  if (runtime === null) return absent
  const unread = runtime.rules.filter((text) => readRichRule(text) === undefined)
  return {
    frame: frameText(runtime),
    rules: byText(runtime.rules.flatMap((text) => readRichRule(text) ?? [])),
    foreign: [...unread, ...runtime.others],
  }
}

function frameText({ priority, target, ingress, egress }: Frame): string {
  return `from ${ingress.join(', ')} to ${egress.join(', ')}, priority ${priority}, target ${target}`
}

/** What has to change so that a policy lets in just what is wished. */
export function differences(
  wished: ReadonlyMap<string, FirewalldRule>,
  { file, runtime }: Present,
  running: boolean,
): Change[] {
  const rules = new Map([...file.rules, ...runtime.rules, ...wished])
  const opened = [...rules].flatMap(([text, rule]) => {
    const from = state(file.rules.has(text), running ? runtime.rules.has(text) : undefined)
    const to = wished.has(text) ? 'open' : 'closed'
    return from === to ? [] : [{ property: ruleTitle(rule), from, to }]
  })
  const own = frameText(frame)
  const frames = [file.frame, runtime.frame].flatMap((now) => (now === own ? [] : (now ?? [])))
  const foreign = [...file.foreign, ...runtime.foreign]
  return [
    ...opened,
    ...[...new Set(frames)].map((from) => ({ property: 'policy', from, to: own })),
    ...[...new Set(foreign)].map((property) => ({ property, from: 'present', to: 'absent' })),
  ]
}

function state(inFile: boolean, inUse = inFile): string {
  const now = inUse ? 'open' : 'closed'
  return inFile === inUse ? now : `${now} until firewalld reloads`
}
