import type { DriftRecord } from '../types.js'
import { messageOf } from './message.js'
import { isEmpty, newsOf, stateOf } from './news.js'
import { send } from './send.js'
import { readTold, writeTold } from './told.js'
import type { Notify } from './types.js'

export interface Notifying {
  readonly notify: readonly Notify[]
  readonly summary: 'daily' | undefined
  /** Where it is kept who knows what. */
  readonly folder: string
  readonly record: DriftRecord
  /** Names a receiver in what is kept, without its secrets. */
  readonly fingerprint: (value: unknown) => string
  /** Takes what is to be known of receivers that could not be told. */
  readonly note: (text: string) => void
  /** Milliseconds before each further attempt. @default 1_000, 4_000, 16_000 */
  readonly delays?: readonly number[]
}

/**
 * Tells every receiver what it does not know yet, and nothing where there is nothing; one that could
 * not be told is told with the next check.
 */
export async function notifyAll(notifying: Notifying): Promise<void> {
  const { notify, summary, folder, record, fingerprint, note } = notifying
  const { delays = [1_000, 4_000, 16_000] } = notifying
  if (notify.length === 0) return
  const told = readTold(folder, note)
  const today = record.time.slice(0, 10)
  await Promise.all(
    notify.map(async (one) => {
      // Who has got another password is the same receiver.
      const key = fingerprint({ ...one, password: undefined, token: undefined })
      const before = told[key] ?? { open: [], unknown: [] }
      const news = newsOf(record, before)
      const isDue = summary === 'daily' && before.summary !== today
      if (isEmpty(news) && !isDue) return
      try {
        await send(one, messageOf(record, news), delays)
        const day = isDue ? today : before.summary
        told[key] = { ...stateOf(record, before), ...(day !== undefined && { summary: day }) }
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        note(`nobody was told by ${one.kind}, and the next check tries again: ${why}`)
      }
    }),
  )
  try {
    writeTold(folder, told)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    note(`it cannot be kept who was told, and the next check tells once more: ${why}`)
  }
}
