import type { Message, Reply } from '../connection/types.js'
import { HostwrightError } from '../core/errors.js'
import type { View } from '../host/index.js'
import { questions } from '../host/questions.js'
import { stat, type Stat } from '../resources/probes/index.js'
import type { Query } from '../resources/types.js'
import {
  confidential,
  confidentialAnswer,
  confidentialScript,
  isContent,
  wayTo,
} from './confidential.js'
import type { FakeCommand } from './fake-types.js'
import { commandKey, toJson, type RecordedAccount, type RecordedHost } from './recorded.js'

interface Ran extends Reply {
  readonly script: string
}

/** What was asked and answered, by account. */
export class Recording {
  readonly #answers = new Map<string, Map<string, readonly [Query, unknown]>>()
  readonly #commands = new Map<string, Map<string, Ran>>()

  constructor(readonly user: string) {}

  answer(user: string, query: Query, answer: unknown): void {
    mapOf(this.#answers, user || this.user).set(query.id, [query, answer])
  }

  command(user: string, message: Message, reply: Reply): void {
    const { script, input } = message
    // A stream is not there to be compared, and the digest of a secret could be tried out.
    if (input && !(input instanceof Uint8Array && confidential([input]) === undefined)) return
    mapOf(this.#commands, user || this.user).set(commandKey(message), { ...reply, script })
  }

  async toJson(host: string, view: View): Promise<RecordedHost> {
    const accounts: { [user: string]: RecordedAccount } = {}
    for (const user of new Set([this.user, ...this.#answers.keys(), ...this.#commands.keys()])) {
      const answers = mapOf(this.#answers, user)
      const paths = [...answers.values()]
        .filter(([{ kind }, answer]) => isContent(kind.name) && answer !== null)
        .flatMap(([{ key }]) => wayTo(key as string))
      const by =
        user === this.user ? view : view.with({ become: view.runtime.becomeSettings(user) })
      const stats = await askStats(by, new Set(paths))
      // So that a recording of the recording is the same.
      for (const [path, answer] of stats) {
        const query = stat(path)
        if (!answers.has(query.id)) answers.set(query.id, [query, answer])
      }
      accounts[user] = kept(answers, mapOf(this.#commands, user), (path) => stats.get(path))
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
  ran: ReadonlyMap<string, Ran>,
  statOf: (path: string) => Stat | undefined,
): RecordedAccount {
  const answers: { [id: string]: unknown } = {}
  const commands: { [command: string]: FakeCommand } = {}
  const leftOut: { [id: string]: string } = {}
  // A question that is itself a secret is not even listed.
  const isTold = ([id]: readonly [string, unknown]) => confidential([id]) === undefined
  for (const [id, [query, answer]] of sorted(asked).filter(isTold)) {
    const [value, reason] = plain(answer)
    const why = answer === null ? undefined : confidentialAnswer(query, statOf)
    const not = reason ?? why ?? confidential(partsOf(answer))
    if (not === undefined) answers[id] = value
    else leftOut[id] = not
  }
  for (const [id, { script, stdout, stderr, exitCode }] of sorted(ran).filter(isTold)) {
    const not = confidentialScript(script) ?? confidential([stdout, stderr])
    if (not !== undefined) leftOut[id] = not
    else
      commands[id] = {
        stdout: stdout.toString(),
        ...(stderr.length > 0 && { stderr: stderr.toString() }),
        ...(exitCode !== 0 && { exitCode }),
      }
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

/** The texts and bytes in a value; a text that has a name with it. */
function partsOf(value: unknown): readonly (string | Uint8Array)[] {
  if (typeof value === 'string' || value instanceof Uint8Array) return [value]
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([name, item]: [string, unknown]) =>
    typeof item === 'string' ? [item, `"${name}":"${item}"`] : partsOf(item),
  )
}

function sorted<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** What is at paths, as far as the host says it. */
async function askStats(
  view: View,
  paths: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Stat>> {
  const prefetch = view.runtime.prefetch(view.become?.user)
  const found = new Map<string, Stat>()
  const open: Query[] = []
  for (const path of paths) {
    const query = stat(path)
    try {
      const known = prefetch.take(query, 'recordHost')
      if (known === undefined) open.push(query)
      else found.set(path, known.answer as Stat)
    } catch (error) {
      // A fake host has no answer to what is neither declared nor recorded.
      if (!(error instanceof HostwrightError && error.code === 'UNSUPPORTED')) throw error
    }
  }
  if (open.length === 0) return found
  const asked = questions(open)
  const results = await view.persist(async () => await view.exchangeBatch(asked.sections))
  asked.read(view.name, results, ({ key }, answer) => found.set(key as string, answer as Stat))
  return found
}
