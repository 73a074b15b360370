import type { Member } from '../facts/board.js'
import { createHost, UnknownSignal, View } from '../host/index.js'
import type { Play } from './play.js'
import type { Run } from './run.js'

/**
 * For the facts of a host that takes no part (`--limit`), or not yet (`serial`): what the plays would
 * do on it is gone through read-only and silently, so that it publishes.
 */
export function observer(run: Run): (host: string) => Promise<void> | undefined {
  const seen = new Map<string, Set<Play>>()
  return (name) => {
    const current = run.plays.at(-1)
    if (!current) return undefined
    const leftOut = !run.limited.has(name)
    if (!leftOut && !current.later.has(name)) return undefined
    const done = seen.get(name) ?? new Set()
    seen.set(name, done)
    const plays = (leftOut ? run.plays : [current]).filter(
      (play) => play.selects(name) && !done.has(play),
    )
    if (plays.length === 0) return undefined
    for (const play of plays) done.add(play)
    const member = Object.assign(run.context.board.begin(name), { observed: true })
    void goThrough(run, name, plays, member)
    return undefined
  }
}

async function goThrough(
  run: Run,
  name: string,
  plays: readonly Play[],
  member: Member,
): Promise<void> {
  const { board } = run.context
  try {
    for (const play of plays)
      try {
        const runtime = run.context.runtime(name, 'observe')
        await play.body(createHost(new View(runtime, play.scope(runtime, member))))
      } catch (error) {
        // What one play cannot know keeps the next from nothing, as in check mode.
        if (!(error instanceof UnknownSignal)) throw error
        board.unknown(member, error.reason)
      }
    board.finish(member)
  } catch (error) {
    board.fail(member, error)
  }
}
