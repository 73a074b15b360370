import { HostwrightError } from '../core/errors.js'
import { askPassword } from '../core/ask-password.js'
import { errorPlace } from '../core/place.js'
import { loadInventory, parseExtraVars, vaultPasswordSource } from '../inventory/index.js'
import { readAsked } from '../play/asked.js'
import { checkInventoryParams } from '../play/role.js'
import { playFunction } from '../play/play.js'
import { Run } from '../play/run.js'
import {
  consoleReporter,
  createEventStream,
  createRecap,
  jsonReporter,
  junitReporter,
  recordReporter,
  type EventStream,
  type Reporter,
} from '../report/index.js'
import { loadHtmlReport } from '../report/load-html-report.js'
import { exitCodeOf } from './exit-code.js'
import { listReporter } from './list-reporter.js'
import type { PlaybookOptions } from './options.js'
import type { PlaybookContext } from './playbook.js'
import type { Purpose } from './purpose.js'
import { tell } from './tell.js'

/** A run of a playbook from its inventory to its recap. @returns the exit code */
export async function execute(
  name: string,
  options: PlaybookOptions,
  playbookFolder: string | undefined,
  body: (context: PlaybookContext) => Promise<unknown>,
  purpose: Purpose = {},
): Promise<number> {
  // A file that can't be written is told before anything is done.
  const reports = await htmlReporters(options.reports)
  const vaultPassword = vaultPasswordSource({
    file: options.vaultPasswordFile,
    ask: options.askVaultPass,
  })
  const inventory = await loadInventory({
    sources: options.inventories,
    extraVars: await parseExtraVars(options.extraVars, { vaultPassword }),
    ...(playbookFolder !== undefined && { playbookFolder }),
    vaultPassword,
  })
  const becomePassword = options.askBecomePass ? await askPassword('BECOME password: ') : undefined
  const list = options.listHosts || options.listTasks
  const recap = createRecap()
  const started = Date.now()
  const streams: EventStream[] = []
  const run = new Run({
    playbook: name,
    inventory,
    mode: list ? 'list' : options.check ? 'check' : 'run',
    limit: options.limit,
    tags: options.tags,
    skipTags: options.skipTags,
    forks: options.forks,
    defaults: { user: options.user, privateKey: options.privateKey, becomePassword },
    emit: (event) => streams[0]?.emit(event),
    fingerprint: purpose.fingerprint,
    mends: purpose.mends,
    ...(options.prefetch &&
      !list && { asked: readAsked(`.hostwright/asked/${encodeURIComponent(name)}.json`) }),
  })
  checkInventoryParams([...inventory.hosts.values()].filter((host) => run.limited.has(host.name)))
  const events = createEventStream(
    list
      ? [listReporter(options.listTasks)]
      : [
          recap,
          recordReporter(`.hostwright/runs/${run.id}.jsonl`),
          ...(purpose.reporter ? [purpose.reporter] : []),
          outputReporter(options),
          ...reports,
        ],
  )
  streams.push(events)
  const release = stopOnSignals(run, events)
  events.emit({
    type: 'run',
    run: run.id,
    playbook: name,
    check: options.check,
    hosts: [...run.limited],
  })
  let thrown: unknown
  // A promise that nobody awaits must not end the process in the middle of a change.
  const stray = (error: unknown) => {
    thrown ??= asPlaybookError(error)
    run.stop(
      new HostwrightError(
        'INTERRUPTED',
        'Cannot go on with the run: a promise that nobody awaits has failed',
      ),
    )
  }
  process.on('unhandledRejection', stray)
  const idle = onIdle(run)
  try {
    const given = { play: playFunction(run), inventory, check: options.check }
    await Promise.race([body(given), idle.reached])
    thrown ??= notAwaited(run)
  } catch (error) {
    thrown ??= asPlaybookError(error)
  }
  await endPlays(run, idle.reached)
  idle.release()
  const unseen = options.tags.filter((tag) => tag !== 'all' && !run.context.seenTags.has(tag))
  if (unseen.length > 0)
    events.emit({
      type: 'note',
      level: 'warning',
      text: `nothing has the tag ${unseen.map((tag) => `"${tag}"`).join(', ')}`,
    })
  const conclude = async () => await purpose.conclude?.({ run, thrown, started, emit: events.emit })
  const verdict = run.interrupted
    ? undefined
    : await conclude().catch((error: unknown) => {
        thrown ??= asPlaybookError(error)
        return 1
      })
  await run.close()
  process.off('unhandledRejection', stray)
  release()
  for (const [host, count] of run.roundTrips()) recap.setRoundTrips(host, count)
  const hosts = recap.hosts()
  const exitCode = verdict ?? exitCodeOf(run, thrown, options, hosts)
  events.emit({
    type: 'recap',
    run: run.id,
    playbook: name,
    check: options.check,
    exitCode,
    duration: Date.now() - started,
    hosts,
  })
  events.close()
  if (thrown !== undefined) tell(thrown)
  return exitCode
}

interface Idle {
  /** Fails when nothing is left that could happen: the playbook waits for what never comes. */
  readonly reached: Promise<never>
  release(): void
}

/** Without it Node would end the process there, without a word. */
function onIdle(run: Run): Idle {
  const { promise, reject } = withReject()
  const fail = () => {
    const [play] = run.underway.values()
    reject(
      new HostwrightError(
        'PLAYBOOK_INVALID',
        'Cannot end the playbook: it waits for something that never comes',
        { place: play?.place, hint: 'look for a promise that is neither resolved nor rejected' },
      ),
    )
  }
  process.once('beforeExit', fail)
  return { reached: promise, release: () => void process.off('beforeExit', fail) }
}

function withReject(): {
  readonly promise: Promise<never>
  readonly reject: (error: unknown) => void
} {
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<never>((_, fail) => (reject = fail))
  // It is looked at where it matters.
  promise.catch(() => undefined)
  return { promise, reject }
}

function notAwaited(run: Run): HostwrightError | undefined {
  const [play] = run.underway.values()
  if (!play) return undefined
  return new HostwrightError(
    'PLAYBOOK_INVALID',
    `Cannot end the playbook: play "${play.name}" is under way, and nobody awaits it`,
    { place: play.place, hint: 'await every play' },
  )
}

/** Lets what plays have begun on the hosts end, where the playbook itself has ended before them. */
async function endPlays(run: Run, idle: Promise<never>): Promise<void> {
  if (run.underway.size === 0) return
  run.stop(
    new HostwrightError('INTERRUPTED', 'Cannot go on with the run: the playbook has ended', {
      hint: 'await every play',
    }),
  )
  await Promise.race([Promise.allSettled(run.underway.keys()), idle]).catch(() => undefined)
}

/** Few runs want a report as a page: its code is loaded for them. */
async function htmlReporters(files: readonly string[]): Promise<readonly Reporter[]> {
  if (files.length === 0) return []
  const { htmlReporter } = await loadHtmlReport()
  return files.map((file) => htmlReporter(file))
}

function outputReporter({ output, verbosity, diff }: PlaybookOptions): Reporter {
  if (output === 'json') return jsonReporter(process.stdout)
  if (output === 'junit') return junitReporter(process.stdout)
  return consoleReporter({ verbosity, diff })
}

function asPlaybookError(error: unknown): HostwrightError {
  if (error instanceof HostwrightError) return error
  const place = errorPlace(error)
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return new HostwrightError('PLAYBOOK_INVALID', `Cannot run the playbook: ${what}`, {
    place,
    cause: error,
  })
}

/** The first Ctrl-C lets what runs on the hosts end; the second does not wait for it. */
function stopOnSignals(run: Run, events: EventStream): () => void {
  const stop = (signal: NodeJS.Signals) => {
    if (run.interrupted) {
      events.close()
      process.exit(130)
    }
    run.interrupt(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  return () => {
    for (const signal of signals) process.off(signal, stop)
  }
}
