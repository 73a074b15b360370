import { createHost, flushHandlers, UnknownSignal, viewOf, type Host } from '../host/index.js'
import { Recording } from './recording.js'
import type { RecordedHost } from './recorded.js'
import { RecordingRuntime, RecordingView } from './recording-runtime.js'

/**
 * Records what a role or resources ask a host, and what it answers, for {@link fakeHost}. They are
 * planned as in check mode: nothing is changed, and nothing is told of it. What it gives is plain data
 * to be kept as JSON. Left out, and listed as such, are secrets, contents and digests of files that not
 * everyone on the host is known to be able to read, and what looks like a private key or a password's
 * hash. What a command prints is judged by its look alone. Look it through before you give it away: it
 * tells of the host.
 *
 * The other hosts' facts that a role waits for must be published already.
 *
 * @throws HostwrightError FACT_NOT_PUBLISHED, and what the work throws
 * @example
 * const recorded = await recordHost(host, (on) => motd(on, { text: 'new' }))
 * const again = fakeHost({ recorded: JSON.parse(JSON.stringify(recorded)) })
 * await motd(again, { text: 'new' })
 * again.tasks[0]?.status // 'changed'
 */
export async function recordHost(
  host: Host,
  work: (host: Host) => Promise<unknown>,
): Promise<RecordedHost> {
  const { runtime, scope } = viewOf(host)
  const recording = new Recording(scope.become?.user ?? '')
  const apart = new RecordingRuntime(runtime, recording)
  const view = new RecordingView(apart, { ...scope, first: host.name }, recording)
  try {
    await work(createHost(view))
    await flushHandlers(view)
  } catch (error) {
    // What comes after depends on what has not been made.
    if (!(error instanceof UnknownSignal)) throw error
  }
  return await recording.toJson(host.name, view)
}
