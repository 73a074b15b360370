import type { CheckEvent, Reporter, TaskEvent } from '../report/events.js'
import type { Finding, Fingerprint } from './types.js'

/** A finding before it is compared with earlier ones. */
export type Difference = Omit<Finding, 'state' | 'side' | 'since' | 'evidence'> & {
  /** Its task among all tasks of the host. */
  readonly key: string
}

/** What one check has seen of one host. */
export interface SeenHost {
  /** The tasks that were looked at; a check of the playbook has no fingerprint. */
  readonly tasks: Map<string, Fingerprint | undefined>
  /** How many, by role. */
  readonly counts: Map<string, number>
  readonly differences: Difference[]
  /** Handlers that would run; they tell of drift only where nothing has notified them now. */
  readonly handlers: Difference[]
  /** Whether a task would do something that it does on every run: it may notify a handler. */
  acts: boolean
  /** Why tasks could not be looked at. */
  readonly unknown: string[]
  /** Tasks that were not looked at, where one knows which. */
  readonly unknownTasks: Set<string>
  /** Whether tags have left tasks out. */
  leftOut: boolean
  /** Why its plays have ended early. */
  failure?: string
}

/** What one check has seen. */
export interface Seen extends Reporter {
  readonly hosts: ReadonlyMap<string, SeenHost>
}

/** Gathers from the events of a check what differs, and what it could not know. */
export function createSeen(): Seen {
  const hosts = new Map<string, SeenHost>()
  const numbers = new Map<string, number>()
  const of = (name: string) => {
    let host = hosts.get(name)
    if (!host) hosts.set(name, (host = newHost()))
    return host
  }
  /** What is met more than once is numbered from the second time on. */
  const numbered = (name: string) => {
    const number = (numbers.get(name) ?? 0) + 1
    numbers.set(name, number)
    return number === 1 ? name : `${name} #${number}`
  }
  return {
    hosts,
    event(event) {
      if (event.type === 'play') for (const name of event.hosts) of(name)
      if (event.type === 'failure') of(event.host).failure ??= event.error.message
      if (event.type === 'check') checked(of(event.host), event, numbered)
      if (event.type === 'task') done(of(event.host), event, numbered)
    },
  }
}

function newHost(): SeenHost {
  return {
    tasks: new Map(),
    counts: new Map(),
    differences: [],
    handlers: [],
    acts: false,
    unknown: [],
    unknownTasks: new Set(),
    leftOut: false,
  }
}

type Numbered = (name: string) => string

function done(host: SeenHost, event: TaskEvent, numbered: Numbered): void {
  const { role, task, status, wish, state, reason } = event
  if (event.handler === true) {
    if (status === 'changed')
      host.handlers.push(...differences(event, `${role}: ${task}`, numbered))
    return
  }
  const name = taskKey(role, task)
  if (status === 'failed') {
    host.failure ??= reason ?? `${name} has failed`
    return
  }
  if (status === 'unknown') {
    host.unknown.push(`${name}: ${reason ?? 'it is not known'}`)
    host.unknownTasks.add(name)
    return
  }
  if (wish === undefined) {
    host.leftOut = true
    return
  }
  const key = numberedOn(event.host, name, numbered)
  host.tasks.set(key, { wish, state: state ?? '' })
  count(host, role)
  if (status !== 'changed') return
  if (actsAlways(event)) host.acts = true
  else host.differences.push(...differences(event, key, numbered))
}

/** What a playbook checks by itself, and what does not hold, differs as well. */
function checked(host: SeenHost, event: CheckEvent, numbered: Numbered): void {
  const { role, check, result, error, reason = '' } = event
  if (result === 'skipped') {
    if (reason === 'not selected by tags') host.leftOut = true
    return
  }
  const task = `check ${check}`
  const key = numberedOn(event.host, taskKey(role, task), numbered)
  host.tasks.set(key, undefined)
  count(host, role)
  if (result === 'passed') return
  const id = numbered([event.host, key, 'result'].join(' / '))
  const from = error?.message ?? 'failed'
  const about = { host: event.host, ...(role !== undefined && { role }), task }
  host.differences.push({ id, key, ...about, property: 'result', from, to: 'passed' })
}

/** A command without a guard asks the host nothing; a restart is wished whatever the host says. */
function actsAlways({ state, changes }: TaskEvent): boolean {
  return (
    state === undefined ||
    changes.every(
      ({ property, to }) => property === 'state' && (to === 'restarted' || to === 'reloaded'),
    )
  )
}

function differences(event: TaskEvent, key: string, numbered: Numbered): readonly Difference[] {
  const { host, role, task, place, changes } = event
  return changes.map((change) => ({
    id: numbered([host, key, change.property].join(' / ')),
    key,
    host,
    ...(role !== undefined && { role }),
    task,
    ...change,
    ...(place !== undefined && { place }),
  }))
}

function count({ counts }: SeenHost, role = ''): void {
  counts.set(role, (counts.get(role) ?? 0) + 1)
}

/** Names a task among all of a host. */
export function taskKey(role: string | undefined, task: string): string {
  return role === undefined ? task : `${role}: ${task}`
}

function numberedOn(host: string, name: string, numbered: Numbered): string {
  return numbered(`${host}\0${name}`).slice(host.length + 1)
}
