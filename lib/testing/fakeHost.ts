import pLimit from 'p-limit'
import type { Connection } from '../connection/types.js'
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
import { Prefetch } from '../host/prefetch.js'
import type { InventoryHost } from '../inventory/types.js'
import type { TaskEvent } from '../report/events.js'
import type { Query } from '../resources/types.js'
import { declaredAnswers } from './declared.js'
import type { FakeHost, FakeHostOptions } from './fake-types.js'

/**
 * A host that is none: resources and roles are planned against a state that you declare, with the
 * plans of check mode. It is quick, and shows what a role would do to a host *if* that is in this
 * state; whether scripts run, packages exist and services start, only a real host shows: see
 * {@link testRole}. A question that the declaration says nothing of is an error.
 *
 * @throws HostwrightError UNSUPPORTED, when asked something that is not declared
 * @example
 * const host = fakeHost({ files: { '/etc/motd': 'old\n' } })
 * const { changed } = await host.ensure(file({ path: '/etc/motd', content: 'new\n' }))
 * t.ok(changed)
 */
export function fakeHost(options: FakeHostOptions = {}): FakeHost {
  const { name = 'fake', peers = {} } = options
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
  const session = new Session(name, noConnection(name, options.commands ?? {}), {
    run: 'fake',
    playbook: 'fake',
    limit: pLimit(1),
    assertGoing: () => undefined,
    note: () => undefined,
  })
  const runtime = new FakeRuntime(inventory.get(name)!, session, 'check', context, (user) => ({
    user: user ?? 'root',
  }))
  runtime.declared = new Declared(name, declaredAnswers(name, options))
  const hosts = [name, ...Object.keys(peers)]
  const scope = { tags: [], hosts, first: name, member: board.begin(name), play: 'fake' }
  return Object.freeze({ ...createHost(new View(runtime, scope)), tasks })
}

/** Takes every answer from the declaration, so that nothing is left to be sent. */
class Declared extends Prefetch {
  constructor(
    private readonly host: string,
    private readonly answers: (query: Query) => { readonly answer: unknown } | undefined,
  ) {
    super(undefined, { made: 0 })
  }

  override take(query: Query): { readonly answer: unknown } {
    const answer = this.answers(query)
    if (answer !== undefined) return answer
    const hint = 'declare it: answers: [[query, answer]]'
    throw undeclared(this.host, `answer "${query.id}"`, hint)
  }
}

class FakeRuntime extends HostRuntime {
  declared: Prefetch = new Prefetch(undefined, { made: 0 })

  override prefetch(): Prefetch {
    return this.declared
  }
}

/** What `host.$` prints is declared too. */
function noConnection(name: string, commands: Readonly<Record<string, string>>): Connection {
  const run: Awaited<ReturnType<Connection['shell']>>['run'] = async ({ script, onStdout }) => {
    const said = commands[script.trim()]
    if (said === undefined || !Object.hasOwn(commands, script.trim()))
      throw undeclared(name, `run "${script.trim()}"`, 'declare what it prints: commands')
    onStdout?.(Buffer.from(said))
    return await Promise.resolve({
      stdout: Buffer.from(said),
      stderr: Buffer.alloc(0),
      exitCode: 0,
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
    shell: async () => await Promise.resolve({ run, close }),
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
