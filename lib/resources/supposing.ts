import { HostwrightError } from '../core/errors.js'
import { Unknown, type Ask, type Plan, type Query } from './types.js'

/** What is answered of what is not there. */
const absences: Readonly<Record<string, unknown>> = {
  stat: { type: 'absent' },
  sha256: null,
  content: null,
  account: null,
  groupEntry: null,
}

/**
 * Lets a plan say something in check mode where it can't know: a path, user or group that an earlier
 * change may bring, such as a package, is supposed to be absent. What is planned then is shown, and
 * later resources see it as done, but it counts as *unknown*; so does what would fail for the absence.
 *
 * @param sure where it is not in doubt that there is something to change
 */
export function supposing<Wish, Output>(
  plan: (wish: Wish, ask: Ask) => Plan<Output>,
  sure: (query: Query, wish: Wish) => boolean = () => false,
): (wish: Wish, ask: Ask) => Plan<Output> {
  return (wish, ask) => {
    const supposed: { readonly query: Query; readonly reason: string }[] = []
    const suppose = Object.assign(
      <Answer>(query: Query<Answer>): Answer => {
        const answer = ask.maybe(query)
        if (!(answer instanceof Unknown)) return answer
        if (!(query.kind.name in absences)) return ask(query)
        supposed.push({ query, reason: answer.reason })
        return absences[query.kind.name] as Answer
      },
      { maybe: ask.maybe },
    )
    try {
      const made = plan(wish, suppose)
      const doubt = supposed.find(({ query }) => !sure(query, wish))
      return doubt === undefined ? made : { ...made, unknown: doubt.reason }
    } catch (error) {
      const [first] = supposed
      if (first === undefined || !(error instanceof HostwrightError)) throw error
      // The real answer makes the resource unknown.
      ask(first.query)
      throw error
    }
  }
}
