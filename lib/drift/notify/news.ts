import type { DriftRecord, Finding } from '../types.js'
import type { Told } from './told.js'

/** What one receiver does not know yet. */
export interface News {
  /** Why the check as a whole has failed. */
  readonly failure?: string
  /** The check as a whole had failed, and does not any more. */
  readonly isMended: boolean
  readonly found: readonly Finding[]
  /** Ids; of what the playbook has dropped nothing else is known. */
  readonly resolved: readonly string[]
  readonly unknown: readonly string[]
  /** Hosts that are known again. */
  readonly known: readonly string[]
}

type State = Omit<Told[string], 'summary'>

/** What a receiver knows once it has been told of this record. Hosts that were left out stay as told. */
export function stateOf(record: DriftRecord, before: State): State {
  const { findings, unseen = [], hosts, failure } = record
  const open = [...findings, ...unseen].filter(({ state }) => state !== 'resolved')
  const leftOut = before.unknown.filter((host) => !(host in hosts))
  const unknown = Object.keys(hosts).filter((host) => hosts[host]?.state === 'unknown')
  return { open: open.map(({ id }) => id), unknown: [...leftOut, ...unknown], failure }
}

export function newsOf(record: DriftRecord, before: State): News {
  const now = stateOf(record, before)
  const { failure } = now
  return {
    ...(failure !== undefined && failure !== before.failure && { failure }),
    isMended: failure === undefined && before.failure !== undefined,
    found: record.findings.filter(
      ({ id, state }) => state !== 'resolved' && !before.open.includes(id),
    ),
    resolved: before.open.filter((id) => !now.open.includes(id)),
    unknown: now.unknown.filter((host) => !before.unknown.includes(host)),
    known: before.unknown.filter((host) => !now.unknown.includes(host)),
  }
}

export function isEmpty({ failure, isMended, ...lists }: News): boolean {
  const isEach = Object.values(lists).every((list: readonly unknown[]) => list.length === 0)
  return failure === undefined && !isMended && isEach
}
