import { redactDeep } from '../core/secret.js'
import type { EventBody, HostwrightEvent, Reporter } from './events.js'
import { plainData } from './plain-data.js'
import { sink } from './sink.js'

export interface EventStream {
  /** Stamps the event with the time, takes secrets out, and hands it to every reporter. */
  emit(body: EventBody): void
  /** Closes the reporters; events after it are left out. */
  close(): void
}

/**
 * The one way from the engine to the reporters. A reporter that throws does not end the run: what it
 * threw is told once on standard error, and the others go on.
 *
 * @param complain takes the one line about a reporter that threw
 */
export function createEventStream(
  reporters: readonly Reporter[],
  complain: (text: string) => void = (text) => sink(process.stderr).write(text),
): EventStream {
  const told = new Set<Reporter>()
  let closed = false
  const guarded = (reporter: Reporter, action: () => void) => {
    try {
      action()
    } catch (error) {
      if (told.has(reporter)) return
      told.add(reporter)
      tell(complain, error)
    }
  }
  return {
    emit(body) {
      if (closed) return
      const event = stamp(body)
      for (const reporter of reporters) guarded(reporter, () => reporter.event(event))
    },
    close() {
      if (closed) return
      closed = true
      for (const reporter of reporters) guarded(reporter, () => reporter.close?.())
    },
  }
}

/**
 * Words of the library's own; a password that happens to be one of them must not garble the stream.
 * Fingerprints are hexadecimal, and a drift record is made of what has come through here already.
 */
const own = new Set([
  'type',
  'time',
  'status',
  'level',
  'stream',
  'result',
  'wish',
  'state',
  'record',
])

function stamp(body: EventBody): HostwrightEvent {
  const event: Record<string, unknown> = { type: body.type, time: new Date().toISOString() }
  for (const [key, value] of Object.entries(body))
    event[key] = own.has(key) ? value : searched(body, value)
  return event as unknown as HostwrightEvent
}

/** A fact is whatever a playbook published; only plain data can be searched for secrets. */
function searched(body: EventBody, value: unknown): unknown {
  return redactDeep(body.type === 'fact' ? plainData(value) : value)
}

function tell(complain: (text: string) => void, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  try {
    complain(`Cannot report everything of this run: ${redactDeep(reason)}\n`)
  } catch {
    // Standard error is closed as well: nobody is left to be told, and the hosts still count.
  }
}
