import type { DriftSide, Fingerprint } from './types.js'

/** What is known of a task from before; `absent`: the playbook did not have it. */
export type Baseline = Fingerprint | 'absent'

/**
 * Which side has changed since. Where the wish is as it was, it is the host, whatever else in its
 * answers may have changed; those count only beside a wish that has changed too.
 */
export function sideOf(now: Fingerprint | undefined, before: Baseline | undefined): DriftSide {
  if (before === undefined || now === undefined) return 'unknown'
  if (before === 'absent') return 'code'
  if (before.wish === now.wish) return 'host'
  return isSame(before.state, now.state) ? 'code' : 'both'
}

/** A plan asks more where it finds more to do: what was asked both times is compared. */
function isSame(before: string, now: string): boolean {
  const answers = new Map(before.split(' ').map(halves))
  return now.split(' ').every((pair) => {
    const [question, answer] = halves(pair)
    return (answers.get(question) ?? answer) === answer
  })
}

function halves(pair: string): readonly [string, string] {
  return [pair.slice(0, pair.length / 2), pair.slice(pair.length / 2)]
}
