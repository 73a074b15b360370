import type { Change } from '../../report/events.js'
import type { FirewalldState, RuntimePolicy } from '../probes/firewalld.js'
import { readRichRule, ruleTitle, type FirewalldRule } from './rule.js'
import { byText, readSettings, type Frame } from './settings.js'

/** A policy as it is, in its file and in the running firewalld. */
export interface Present {
  readonly file: Side
  readonly runtime: Side
}

interface Side {
  readonly exists: boolean
  /** By their texts. */
  readonly rules: ReadonlyMap<string, FirewalldRule>
  /** What is not as this library makes it. */
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

function readFile(xml: string | null): Side {
  if (xml === null) return { exists: false, rules: new Map(), foreign: [] }
  const { attributes, ingress, egress, plain, rules, others } = readSettings(xml)
  const { priority, target = 'none' } = attributes
  const head = frameText({ priority: Number(priority), target, ingress, egress })
  return {
    exists: true,
    rules: byText(rules),
    foreign: [...foreignFrame(head), ...plain.map(ruleTitle), ...others],
  }
}

function readRuntime(runtime: RuntimePolicy | null): Side {
  if (runtime === null) return { exists: false, rules: new Map(), foreign: [] }
  const unread = runtime.rules.filter((text) => readRichRule(text) === undefined)
  return {
    exists: true,
    rules: byText(runtime.rules.flatMap((text) => readRichRule(text) ?? [])),
    foreign: [...foreignFrame(frameText(runtime)), ...unread, ...runtime.others],
  }
}

function frameText({ priority, target, ingress, egress }: Frame): string {
  return `from ${ingress.join(', ')} to ${egress.join(', ')}, priority ${priority}, target ${target}`
}

function foreignFrame(text: string): string[] {
  return text === frameText(frame) ? [] : [text]
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
  const foreign = [...new Set([...file.foreign, ...runtime.foreign])]
  return [...opened, ...foreign.map((from) => ({ property: 'policy', from, to: frameText(frame) }))]
}

function state(inFile: boolean, inUse = inFile): string {
  const now = inUse ? 'open' : 'closed'
  return inFile === inUse ? now : `${now} until firewalld reloads`
}
