import { HostwrightError } from '../core/errors.js'
import { formatPlace, type Place } from '../core/place.js'
import type { Fact } from './fact.js'

interface Wait {
  readonly host: string
  readonly peer: string
  readonly fact: string
  readonly place: Place | undefined
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Where a fact is published or read. */
export interface Site {
  readonly member?: Member
  readonly role?: string
  readonly play?: string
}

interface Published {
  readonly value: unknown
  readonly by: Site
}

export interface Member {
  state: 'absent' | 'running' | 'finished' | 'failed'
  /** Operations under way: while there are any, the host may still publish. */
  busy: number
  error?: unknown
  /** Set when check mode could not go on somewhere: what was to be published there is not known. */
  unknown?: string
  /** The play in which the host takes part. */
  play?: string
  /** It is only gone through in the background, for the facts. */
  observed?: boolean
}

/** What ends a wait in check mode when the value can't be known. */
export type UnknownFact = (reason: string) => unknown

/**
 * Where facts are published and awaited. A wait that can't end fails at once: the publisher failed,
 * has finished without publishing, takes no part, or hosts wait for one another in a circle.
 *
 * What was published in an earlier play holds, but a role that runs again waits for what it publishes
 * anew on a peer that takes part in the same play, as long as that may come.
 *
 * A host that does nothing but wait counts as unable to publish; local work beside a wait
 * (`Promise.all` with a timer, say) is not seen.
 */
export class FactBoard {
  readonly #published = new Map<string, Published>()
  readonly #members = new Map<string, Member>()
  readonly #waits = new Set<Wait>()
  readonly #unknownFact: UnknownFact
  #scheduled = false

  constructor(unknownFact: UnknownFact) {
    this.#unknownFact = unknownFact
  }

  /** A host takes part; what is told of it later is told of this taking part, not of an earlier one. */
  begin(host: string): Member {
    const member: Member = { state: 'running', busy: 0 }
    this.#members.set(host, member)
    return member
  }

  finish(member: Member): void {
    member.state = 'finished'
    this.#schedule()
  }

  fail(member: Member, error: unknown): void {
    member.state = 'failed'
    member.error = error
    this.#schedule()
  }

  /** Says that part of the host's work could not be planned in check mode. */
  unknown(member: Member, reason: string): void {
    member.unknown ??= reason
  }

  /** Runs an operation during which the host may still publish. */
  async busy<T>(host: string, work: () => Promise<T>): Promise<T> {
    const member = this.#member(host)
    member.busy += 1
    try {
      return await work()
    } finally {
      member.busy -= 1
      if (member.busy === 0) this.#schedule()
    }
  }

  publish<T>(host: string, fact: Fact<T>, value: T, by: Site = {}): void {
    const key = keyOf(host, fact.name)
    const now = this.#member(host)
    // The host was only gone through in the background, and takes part for real by now.
    const isLate = by.member?.observed === true && by.member !== now
    if (isLate && (now.state === 'running' || this.#published.has(key))) return
    this.#published.set(key, { value, by })
    for (const wait of this.#waits)
      if (keyOf(wait.peer, wait.fact) === key) {
        this.#waits.delete(wait)
        wait.resolve(value)
      }
  }

  has(host: string, fact: Fact<unknown>): boolean {
    return this.#published.has(keyOf(host, fact.name))
  }

  /**
   * @throws HostwrightError FACT_CIRCLE, FACT_PUBLISHER_FAILED, FACT_NOT_PUBLISHED
   */
  async wait<T>(
    host: string,
    peer: string,
    fact: Fact<T>,
    place: Place | undefined,
    reader: Site = {},
  ): Promise<T> {
    const known = this.#published.get(keyOf(peer, fact.name))
    if (known && !this.#comesAnew(peer, known.by, reader)) return known.value as T
    return (await new Promise<unknown>((resolve, reject) => {
      this.#waits.add({ host, peer, fact: fact.name, place, resolve, reject })
      this.#schedule()
    })) as T
  }

  /** Whether the role that has published it runs again, in the reader's play, and on the peer too. */
  #comesAnew(peer: string, { role, play }: Site, reader: Site): boolean {
    if (role === undefined || role !== reader.role || play === reader.play) return false
    return this.#member(peer).play === reader.play
  }

  /** Nothing will be published any more. */
  end(error: unknown): void {
    for (const wait of this.#waits) this.#end(wait, error)
  }

  #member(host: string): Member {
    let member = this.#members.get(host)
    if (!member) this.#members.set(host, (member = { state: 'absent', busy: 0 }))
    return member
  }

  /** After all that is ready to run has run: only then is a host that waits really stuck. */
  #schedule(): void {
    if (this.#scheduled || this.#waits.size === 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#check()
    })
  }

  #check(): void {
    let goesOn = false
    for (const wait of this.#waits) {
      const { state, error, unknown } = this.#member(wait.peer)
      if (state === 'running') continue
      if (unknown !== undefined) this.#end(wait, this.#unknownFact(unknown))
      else if (state !== 'failed' && this.#useEarlier(wait)) goesOn = true
      else this.#end(wait, noPublisher(wait, state, error))
    }
    // They may publish what others wait for.
    if (goesOn) return this.#schedule()
    const stuck = this.#stuck()
    const start = [...stuck][0]
    if (start === undefined) return
    const circle = this.#circle(start, stuck)
    const reason = circle
      .map((wait) => this.#member(wait.peer).unknown)
      .find((text) => text !== undefined)
    const earlier = reason === undefined ? circle.filter((wait) => this.#useEarlier(wait)) : []
    for (const wait of earlier.length > 0 ? [] : circle)
      this.#end(wait, reason === undefined ? circleError(wait, circle) : this.#unknownFact(reason))
    this.#schedule()
  }

  /** Hosts that only wait, and only for hosts of which the same is true. */
  #stuck(): Set<string> {
    const stuck = new Set<string>()
    for (const wait of this.#waits) if (this.#member(wait.host).busy === 0) stuck.add(wait.host)
    for (let before = -1; before !== stuck.size;) {
      before = stuck.size
      for (const wait of this.#waits) if (!stuck.has(wait.peer)) stuck.delete(wait.host)
    }
    return stuck
  }

  #circle(start: string, stuck: ReadonlySet<string>): Wait[] {
    const path: Wait[] = []
    for (let host = start; ;) {
      const at = path.findIndex((wait) => wait.host === host)
      if (at !== -1) return path.slice(at)
      const next = [...this.#waits].find((wait) => wait.host === host && stuck.has(wait.peer))
      if (!next) return path
      path.push(next)
      host = next.peer
    }
  }

  /** Ends a wait with what was published in an earlier play, where anything was. */
  #useEarlier(wait: Wait): boolean {
    const earlier = this.#published.get(keyOf(wait.peer, wait.fact))
    if (!earlier) return false
    this.#waits.delete(wait)
    wait.resolve(earlier.value)
    return true
  }

  #end(wait: Wait, error: unknown): void {
    this.#waits.delete(wait)
    wait.reject(error)
  }
}

function keyOf(host: string, fact: string): string {
  return `${host}\0${fact}`
}

function noPublisher(wait: Wait, state: Member['state'], cause: unknown): HostwrightError {
  const what = `Cannot get fact "${wait.fact}" of host "${wait.peer}" for host "${wait.host}"`
  const where = { host: wait.host, place: wait.place }
  if (state === 'failed')
    return new HostwrightError('FACT_PUBLISHER_FAILED', `${what}: "${wait.peer}" has failed`, {
      ...where,
      cause,
      hint: `mend what failed on "${wait.peer}" and run again`,
    })
  const why =
    state === 'absent' ? 'takes no part in this play' : 'has finished without publishing it'
  return new HostwrightError('FACT_NOT_PUBLISHED', `${what}: "${wait.peer}" ${why}`, {
    ...where,
    hint: `publish it on "${wait.peer}" in this play or an earlier one; with serial, a host of a later batch has made nothing yet`,
  })
}

function circleError(wait: Wait, circle: readonly Wait[]): HostwrightError {
  const chain = circle.map(
    ({ host, peer, fact, place }) =>
      `"${host}" waits for "${fact}" of "${peer}"${place ? ` (${formatPlace(place)})` : ''}`,
  )
  return new HostwrightError(
    'FACT_CIRCLE',
    `Cannot get fact "${wait.fact}" of host "${wait.peer}" for host "${wait.host}": the hosts wait in a circle: ${chain.join(', ')}`,
    { host: wait.host, place: wait.place, hint: 'publish on one of them before it waits' },
  )
}
