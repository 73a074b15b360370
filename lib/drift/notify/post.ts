import { setTimeout as sleep } from 'node:timers/promises'
import { secret, type Secret } from '../../core/secret.js'

/** Milliseconds to wait for an answer. */
const patience = 10_000

/** Milliseconds at most between two attempts, whatever the receiver wishes. */
const longest = 30_000

interface Request {
  readonly method?: 'POST' | 'PUT'
  readonly url: string | Secret
  readonly body: unknown
  readonly token?: string | Secret
  /** Milliseconds before each further attempt. */
  readonly delays: readonly number[]
}

/**
 * Sends JSON; again where the receiver can't be reached, is overloaded or has failed.
 *
 * @throws Error what it said last
 */
export async function post(request: Request): Promise<void> {
  for (const delay of [...request.delays, undefined]) {
    const outcome = await attempt(request)
    if (outcome === undefined) return
    if (delay === undefined || !outcome.again) throw new Error(outcome.why)
    await sleep(Math.min(longest, Math.max(delay, outcome.wait)))
  }
}

interface Failure {
  readonly why: string
  readonly again: boolean
  /** Milliseconds that the receiver wants to be left alone. */
  readonly wait: number
}

async function attempt({
  method = 'POST',
  url,
  body,
  token,
}: Request): Promise<Failure | undefined> {
  try {
    const response = await fetch(secret(url).reveal(), {
      method,
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${secret(token).reveal()}` }),
      },
      // Where it leads to has not got the message: most often it is a page to log in.
      redirect: 'manual',
      signal: AbortSignal.timeout(patience),
    })
    await response.body?.cancel()
    if (response.ok) return undefined
    const wait = Number(response.headers.get('retry-after') ?? 0) * 1000
    const again = response.status === 429 || response.status >= 500
    return { why: `HTTP status ${response.status}`, again, wait: Number.isNaN(wait) ? 0 : wait }
  } catch (error) {
    const { cause } = error as { readonly cause?: unknown }
    const reason = cause instanceof Error ? cause : error
    return { why: reason instanceof Error ? reason.message : String(reason), again: true, wait: 0 }
  }
}
