import type { TaskEvent } from '../report/events.js'
import type { Ask, Query, Resource } from '../resources/types.js'

/** Passes questions on, and keeps what was answered under the id of the question. */
export function recordedAsk(ask: Ask, answers: Map<string, unknown>): Ask {
  return Object.assign(
    <Answer>(query: Query<Answer>): Answer => {
      const answer = ask(query)
      answers.set(query.id, answer)
      return answer
    },
    {
      maybe: <Answer>(query: Query<Answer>) => {
        const answer = ask.maybe(query)
        answers.set(query.id, answer)
        return answer
      },
    },
  )
}

/** Digits of a question's and of an answer's fingerprint: they are told apart within one task only. */
const short = 8

/** What a task's event tells of what was wished and answered; no state where nothing was asked. */
export function taskFingerprints(
  { wish }: Resource<unknown>,
  answers: ReadonlyMap<string, unknown>,
  fingerprint: (value: unknown) => string,
): Pick<TaskEvent, 'wish' | 'state'> {
  const words = [...answers].map(
    ([id, answer]) => fingerprint(id).slice(0, short) + fingerprint(answer).slice(0, short),
  )
  return {
    wish: fingerprint(wish),
    ...(words.length > 0 && { state: words.toSorted().join(' ') }),
  }
}
