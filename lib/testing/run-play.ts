import { HostwrightError } from '../core/errors.js'
import type { Host } from '../host/index.js'
import type { Inventory } from '../inventory/index.js'
import { playFunction } from '../play/play.js'
import { Run } from '../play/run.js'
import type { HostwrightEvent } from '../report/events.js'
import { createEventStream, createRecap } from '../report/index.js'

/** One run of a play, in the test's own process. */
export interface PlayRun {
  readonly inventory: Inventory
  readonly mode: 'run' | 'check'
  readonly hosts: string
  readonly become: boolean | string
}

/** What a run told, and how it ended. */
export interface RanPlay {
  readonly events: readonly HostwrightEvent[]
  readonly failure: HostwrightError | undefined
}

/** Runs a play as a playbook does, to its end. */
export async function runPlay(
  { inventory, mode, hosts, become }: PlayRun,
  play: (host: Host) => Promise<unknown>,
): Promise<RanPlay> {
  const events: HostwrightEvent[] = []
  const recap = createRecap()
  const stream = createEventStream([recap, { event: (event) => void events.push(event) }])
  const run = new Run({
    playbook: 'test',
    inventory,
    mode,
    tags: [],
    skipTags: [],
    forks: 50,
    defaults: {},
    emit: stream.emit,
  })
  const check = mode === 'check'
  const about = { run: run.id, playbook: 'test', check }
  stream.emit({ type: 'run', ...about, hosts: inventory.select(hosts).map(({ name }) => name) })
  let failure: HostwrightError | undefined
  try {
    await playFunction(run)('test', { hosts, become }, play)
  } catch (error) {
    if (!(error instanceof HostwrightError)) throw error
    failure = error
  } finally {
    await run.close()
  }
  for (const [host, count] of run.roundTrips()) recap.setRoundTrips(host, count)
  failure ??= [...run.failed.values(), ...run.unreachable.values()][0]
  const exitCode = failure === undefined ? 0 : 2
  stream.emit({ type: 'recap', ...about, exitCode, duration: 0, hosts: recap.hosts() })
  stream.close()
  return { events, failure }
}
