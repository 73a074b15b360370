import type { View } from '../host/index.js'
import { questions } from '../host/questions.js'
import { stat, type Stat } from '../resources/probes/index.js'
import type { Query } from '../resources/types.js'
import { confidential, confidentialAnswer, isContent } from './confidential.js'
import type { FakeCommand } from './fake-types.js'
import { toJson, type RecordedAccount, type RecordedHost } from './recorded.js'

/** What was asked and answered, by account. */
export class Recording {
  readonly #answers = new Map<string, Map<string, readonly [Query, unknown]>>()
  readonly #commands = new Map<string, Map<string, FakeCommand>>()

  constructor(readonly user: string) {}

  answer(user: string, query: Query, answer: unknown): void {
    mapOf(this.#answers, user || this.user).set(query.id, [query, answer])
  }

  command(user: string, script: string, reply: FakeCommand): void {
    mapOf(this.#commands, user || this.user).set(script, reply)
  }

  async toJson(host: string, view: View): Promise<RecordedHost> {
    const accounts: { [user: string]: RecordedAccount } = {}
    for (const user of new Set([this.user, ...this.#answers.keys(), ...this.#commands.keys()])) {
      const answers = mapOf(this.#answers, user)
      const paths = [...answers.values()]
        .filter(([query]) => isContent(query))
        .map(([{ key }]) => key as string)
      const by =
        user === this.user ? view : view.with({ become: view.runtime.becomeSettings(user) })
      const stats = await askStats(by, paths)
      accounts[user] = kept(answers, mapOf(this.#commands, user), (path) => stats.get(path)!)
    }
    return { host, user: this.user, accounts }
  }
}

function mapOf<T>(maps: Map<string, Map<string, T>>, user: string): Map<string, T> {
  const map = maps.get(user) ?? new Map<string, T>()
  maps.set(user, map)
  return map
}

/** In the order of the alphabet, so that two recordings are compared line by line. */
function kept(
  asked: ReadonlyMap<string, readonly [Query, unknown]>,
  ran: ReadonlyMap<string, FakeCommand>,
  statOf: (path: string) => Stat,
): RecordedAccount {
  const answers: { [id: string]: unknown } = {}
  const commands: { [script: string]: FakeCommand } = {}
  const leftOut: { [id: string]: string } = {}
  // A question that is itself a secret is not even listed.
  const isTold = ([id]: readonly [string, unknown]) => confidential([id]) === undefined
  for (const [id, [query, answer]] of sorted(asked).filter(isTold)) {
    const [value, reason] = plain(answer)
    const why = answer === null ? undefined : confidentialAnswer(query, statOf)
    const not = reason ?? why ?? confidential(textsIn(value))
    if (not === undefined) answers[id] = value
    else leftOut[id] = not
  }
  for (const [script, reply] of sorted(ran).filter(isTold)) {
    const not = confidential([reply.stdout ?? '', reply.stderr ?? ''])
    if (not === undefined) commands[script] = reply
    else leftOut[script] = not
  }
  return { answers, commands, leftOut }
}

function plain(answer: unknown): readonly [value: unknown, reason?: string] {
  try {
    return [toJson(answer)]
  } catch (error) {
    return [undefined, (error as Error).message]
  }
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : []
}

function sorted<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** What is at the paths whose content was asked for. */
async function askStats(view: View, paths: readonly string[]): Promise<ReadonlyMap<string, Stat>> {
  const prefetch = view.runtime.prefetch(view.become?.user)
  const found = new Map<string, Stat>()
  const open: Query[] = []
  for (const path of new Set(paths)) {
    const query = stat(path)
    const known = prefetch.take(query, 'recordHost')
    if (known === undefined) open.push(query)
    else found.set(path, known.answer as Stat)
  }
  if (open.length === 0) return found
  const asked = questions(open)
  const results = await view.persist(async () => await view.exchangeBatch(asked.sections))
  asked.read(view.name, results, ({ key }, answer) => found.set(key as string, answer as Stat))
  return found
}
