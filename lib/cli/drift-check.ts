import {
  createSeen,
  evidenceOf,
  fingerprinter,
  historyFolder,
  inTurn,
  inventoryPaths,
  judge,
  notifyAll,
  openHistory,
  readSalt,
  type CheckedRun,
  type DriftRecord,
  type Finding,
  type History,
  type Notify,
  type Seen,
  type WriteReport,
} from '../drift/index.js'
import { HostwrightError } from '../core/errors.js'
import { redact } from '../core/secret.js'
import { localNames } from '../inventory/index.js'
import type { Run } from '../play/run.js'
import type { Instead, Purpose, RunEnd } from './purpose.js'
import { remedy } from './remedy.js'

export { notifiersOf, reportTo } from '../drift/index.js'

export interface DriftCheckOptions {
  readonly remediate: boolean
  readonly reports: readonly WriteReport[]
  /** How many records are kept. @default see openHistory */
  readonly keep?: number | undefined
  readonly notify: readonly Notify[]
  readonly summary: 'daily' | undefined
}

/** Checks a playbook for drift instead of running it; with `remediate` mends, and checks again. */
export function driftCheck(options: DriftCheckOptions): Instead {
  return async (playbook, inventories, run) => {
    const folder = historyFolder(playbook, inventories)
    const fingerprint = fingerprinter(readSalt(folder))
    const look = async () => {
      const seen = createSeen()
      let record: DriftRecord | undefined
      const purpose: Purpose = {
        check: true,
        reporter: seen,
        fingerprint,
        async conclude(end) {
          const note = (text: string) => end.emit({ type: 'note', level: 'warning', text })
          const history = openHistory({ folder, keep: options.keep, note })
          const about = {
            playbook,
            inventory: inventoryPaths(inventories),
            // That it waits for other checks is no part of it.
            duration: Date.now() - end.started,
          }
          const kept = await inTurn(folder, async () => {
            const made = await makeRecord(end, about, seen, history)
            end.emit({ type: 'drift', record: made })
            // What cannot be written keeps nobody from being told.
            const isKept = await attempt(() => history.add(made), note)
            await notifyAll({ ...options, folder, record: made, fingerprint, note })
            return { made, isKept }
          })
          record = kept.made
          const written: boolean[] = []
          for (const write of options.reports)
            written.push(await attempt(() => write(kept.made, recordsOf(kept, history)), note))
          return kept.isKept && written.every(Boolean) ? kept.made.exitCode : 1
        },
      }
      return { exitCode: await run(purpose), seen, record }
    }
    const first = await look()
    const mend = options.remediate && first.record && remedy(first.record, first.seen)
    if (!mend) return first.exitCode
    const mended = await run({ check: false, ...mend })
    if (mended === 130) return mended
    const second = await look()
    return mended === 0 ? second.exitCode : 1
  }
}

async function makeRecord(
  { run, thrown, started }: RunEnd,
  about: Pick<CheckedRun, 'playbook' | 'inventory' | 'duration'>,
  seen: Seen,
  history: History,
): Promise<DriftRecord> {
  const judged = judge(seen, history.records(), {
    ...about,
    run: run.id,
    time: new Date(started).toISOString(),
    failure: failureOf(run, thrown),
    // This machine belongs to every inventory, whether a play has come to it or not.
    inventoryHosts: [...new Set([...run.hosts.keys(), ...localNames])],
    roundTrips: run.roundTrips(),
  })
  const findings = await withEvidence(run, judged.findings)
  return {
    ...judged,
    hosts: Object.fromEntries(
      Object.entries(judged.hosts).map(([name, host]) => [
        name,
        { ...host, roundTrips: run.roundTrips().get(name) ?? 0 },
      ]),
    ),
    findings,
  }
}

/** A record that could not be kept is reported all the same. */
function recordsOf(
  { made, isKept }: { readonly made: DriftRecord; readonly isKept: boolean },
  history: History,
): Iterable<DriftRecord> {
  return isKept ? history.records() : [made, ...history.records()]
}

/** Whether it has been done; what cannot be written is told. */
async function attempt(
  work: () => void | Promise<void>,
  note: (text: string) => void,
): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof HostwrightError)) throw error
    note(error.message)
    return false
  }
}

/** Why the check as a whole has ended early, where it was not a host. */
function failureOf({ stopped }: Run, thrown: unknown): string | undefined {
  const error = thrown ?? stopped
  if (error === undefined) return undefined
  return redact(error instanceof Error ? error.message : String(error))
}

/** Asks each host that has new findings once more, for who and when. */
async function withEvidence(run: Run, findings: readonly Finding[]): Promise<readonly Finding[]> {
  const fresh = findings.filter(({ state }) => state === 'new' || state === 'returned')
  const evidence = new Map<string, readonly string[]>()
  const hosts = new Set(fresh.map(({ host }) => host))
  await Promise.all(
    [...hosts].map(async (host) => {
      const { script, read } = evidenceOf(fresh.filter((one) => one.host === host))
      for (const [id, lines] of read(await ask(run, host, script))) evidence.set(id, lines)
    }),
  )
  return findings.map((finding) => {
    const found = evidence.get(finding.id) ?? []
    return found.length === 0 ? finding : { ...finding, evidence: found }
  })
}

/** A host that has gone meanwhile says nothing, and what it had said before stands. */
async function ask(run: Run, host: string, script: string): Promise<string> {
  const runtime = run.context.runtime(host)
  const play = run.plays.findLast((one) => one.selects(host))
  const become = play?.scope(runtime, run.context.board.begin(host)).become
  const stdout: Buffer[] = []
  try {
    const onStdout = (chunk: Buffer) => void stdout.push(chunk)
    await runtime.session.run({ script, onStdout, timeout: 20_000 }, { become, locked: false })
  } catch (error) {
    if (!(error instanceof HostwrightError)) throw error
    runtime.note(`who and when is not known: ${error.message}`)
  }
  return Buffer.concat(stdout).toString()
}
