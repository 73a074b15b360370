import pLimit from 'p-limit'
import type { Connection, Message, Reply } from '../connection/types.js'
import { HostwrightError } from '../core/errors.js'
import { FactBoard } from '../facts/board.js'
import {
  createHost,
  HostRuntime,
  Session,
  UnknownSignal,
  View,
  type RunContext,
} from '../host/index.js'
import { isPlanned } from '../host/answers.js'
import { Prefetch } from '../host/prefetch.js'
import type { InventoryHost } from '../inventory/types.js'
import type { TaskEvent } from '../report/events.js'
import type { Query } from '../resources/types.js'
import { declaredAnswers } from './declared.js'
import type { FakeCommand, FakeHost, FakeHostOptions } from './fake-types.js'
import { recordedAnswer, recordedCommand } from './recorded.js'

/**
 * A host that is none: resources and roles are planned against a state that you declare or have
 * recorded, with the plans of check mode. It is quick, and shows what a role would do to a host *if*
 * that is in this state; whether scripts run, packages exist and services start, only a real host
 * shows: see {@link testRole}. A question that neither the declaration nor the recording answers is an
 * error.
 *
 * @throws HostwrightError UNSUPPORTED, when asked something that is neither declared nor recorded
 * @example
 * const host = fakeHost({ files: { '/etc/motd': 'old\n' } })
 * const { changed } = await host.ensure(file({ path: '/etc/motd', content: 'new\n' }))
 * t.ok(changed)
 */
export function fakeHost(options: FakeHostOptions = {}): FakeHost {
  const { recorded, peers = {} } = options
  const name = options.name ?? recorded?.host ?? 'fake'
  const tasks: TaskEvent[] = []
  const board = new FactBoard((reason) => new UnknownSignal(reason))
  const inventory = new Map(
    Object.entries({ [name]: options, ...peers }).map(([host, { vars = {}, groups = [] }]) => [
      host,
      { name: host, vars, groups, origin: () => undefined } satisfies InventoryHost,
    ]),
  )
  for (const [peer, { facts = [] }] of Object.entries(peers))
    for (const [fact, value] of facts) board.publish(peer, fact, value)
  const context: RunContext = {
    mode: 'check',
    board,
    tags: { only: [], skip: [] },
    emit: (event) => {
      if (event.type === 'task') tasks.push({ ...event, time: new Date().toISOString() })
    },
    inventory,
    find: (host) => inventory.get(host),
    seenTags: new Set(),
    runtime: (host) => {
      if (host === name) return runtime
      throw undeclared(name, `work on host "${host}"`, 'delegate to a host in a test on real hosts')
    },
    asked: () => undefined,
    changes: { made: 0 },
    observe: () => undefined,
  }
  const session = new Session(name, noConnection(name, options), {
    run: 'fake',
    playbook: 'fake',
    limit: pLimit(1),
    assertGoing: () => undefined,
    note: () => undefined,
  })
  const runtime = new FakeRuntime(inventory.get(name)!, session, 'check', context, (user) => ({
    user: user ?? 'root',
  }))
  const declared = declaredAnswers(name, options)
  runtime.answers = (user) =>
    new Declared(
      name,
      (query) => answerOf(query, user),
      (query) => runtime.isPlanned(query),
    )
  const answerOf = (query: Query, user: string) =>
    declared(query) ?? (recorded && recordedAnswer(recorded, user, query, options.system))
  const hosts = [name, ...Object.keys(peers)]
  const scope = { tags: [], hosts, first: name, member: board.begin(name), play: 'fake' }
  return Object.freeze({ ...createHost(new View(runtime, scope)), tasks })
}

/** Takes every answer from the declaration, so that nothing is left to be sent. */
class Declared extends Prefetch {
  constructor(
    private readonly host: string,
    private readonly answers: (query: Query) => { readonly answer: unknown } | undefined,
    private readonly planned: (query: Query) => boolean,
  ) {
    super(undefined, { made: 0 })
  }

  override take(query: Query): { readonly answer: unknown } | undefined {
    if (this.planned(query)) return undefined
    const answer = this.answers(query)
    if (answer !== undefined) return answer
    const hint = 'declare it: answers: [[query, answer]]'
    throw undeclared(this.host, `answer "${query.id}"`, hint)
  }
}

class FakeRuntime extends HostRuntime {
  answers: (user: string) => Prefetch = () => new Prefetch(undefined, { made: 0 })

  override prefetch(user = ''): Prefetch {
    return this.answers(user)
  }

  isPlanned(query: Query): boolean {
    return isPlanned(this.predictions, query)
  }
}

/** What `host.$` prints is declared or recorded too. */
function noConnection(name: string, { recorded, commands = {} }: FakeHostOptions): Connection {
  const replyOf = (message: Message, user: string): FakeCommand => {
    const script = message.script.trim()
    if (Object.hasOwn(commands, script)) {
      const said = commands[script] ?? ''
      return typeof said === 'string' ? { stdout: said } : said
    }
    if (recorded) return recordedCommand(recorded, user, message)
    throw undeclared(name, `run "${script}"`, 'declare what it prints: commands')
  }
  const run = async (user: string, message: Message): Promise<Reply> => {
    const { stdout = '', stderr = '', exitCode = 0 } = replyOf(message, user)
    message.onStdout?.(Buffer.from(stdout))
    return await Promise.resolve({
      stdout: Buffer.from(stdout),
      stderr: Buffer.from(stderr),
      exitCode,
    })
  }
  const close = async (): Promise<void> => await Promise.resolve()
  return {
    settings: {
      name,
      kind: 'local',
      address: name,
      port: 22,
      user: 'root',
      knownHostsFiles: [],
      hostKeyChecking: true,
      connectTimeout: 0,
      proxyJump: [],
    },
    shell: async (become) =>
      await Promise.resolve({
        run: async (message) => await run(become?.user ?? '', message),
        close,
      }),
    close,
  }
}

function undeclared(name: string, what: string, hint: string): HostwrightError {
  return new HostwrightError(
    'UNSUPPORTED',
    `Cannot ${what} for fake host "${name}": it is not declared`,
    { hint },
  )
}
