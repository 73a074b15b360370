import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HostwrightError } from '../core/errors.js'
import { importModule } from '../core/import-module.js'
import type { Notify } from '../drift/index.js'
import { takeDriftFlags } from './drift-flags.js'
import { driftHelp } from './drift-help.js'
import { worstExitCode } from './exit-code.js'
import { loadDriftCheck } from './load-drift-check.js'
import { instead } from './purpose.js'
import { tell } from './tell.js'

export interface DriftOptions {
  /** Who is told when something has drifted, is resolved or is not known. @default the environment's */
  readonly notify?: readonly Notify[]
  /** `daily`: they get a summary once a day, changed or not. @default what the environment says */
  readonly summary?: 'daily'
  /**
   * How many records are kept for each playbook and inventory; `--keep` wins.
   *
   * @default 400, and up to 1,500 as long as they take no more than 256 MB
   */
  readonly keep?: number
}

/**
 * Checks a playbook for drift, with the command line that every playbook has and `--report`, `--keep`
 * and `--remediate`: check mode over the inventory, compared with the earlier checks. Sets the exit code of
 * the process: 0 no drift, 2 drift, 1 something kept it from knowing. What fails is reported, not
 * thrown.
 *
 * @param playbook a script that calls `playbook()`; a text is relative to the working directory
 * @example
 * await drift(new URL('site.ts', import.meta.url), {
 *   notify: [{ kind: 'mail', to: 'ops@example.com' }],
 * })
 */
export async function drift(playbook: string | URL, options: DriftOptions = {}): Promise<void> {
  const file = typeof playbook === 'string' ? resolve(playbook) : fileURLToPath(playbook)
  try {
    const { help, reports, remediate, keep, looks, rest } = takeDriftFlags(process.argv.slice(2))
    if (help) return void process.stdout.write(driftHelp)
    if (!existsSync(file)) throw missing(file)
    const { driftCheck, notifiersOf, reportTo } = await loadDriftCheck()
    const environment = notifiersOf(process.env)
    const summary = options.summary ?? environment.summary
    const check = driftCheck({
      remediate,
      reports: reports.map(reportTo),
      keep: keep ?? checkKeep(options.keep),
      notify: options.notify ?? environment.notify,
      summary,
    })
    const codes: number[] = []
    let begun = 0
    instead.taken = async (name, inventories, run) => {
      begun += 1
      codes.push(await check(name, inventories, run))
      return codes.at(-1)!
    }
    // Another copy of the library, which knows nothing of this one, would at least change nothing.
    process.argv = [process.execPath, file, ...rest, '--check']
    await importModule(file)
    // Where it has refused its command line, it has said so itself.
    if (begun === 0 && looks && process.exitCode === undefined) throw notTaken(file)
    if (begun > codes.length || (begun === 0 && process.exitCode)) codes.push(1)
    // That one could not know outweighs that another has found.
    process.exitCode = worstExitCode(codes, true)
  } catch (error) {
    tell(error)
    process.exitCode = 1
  } finally {
    instead.taken = undefined
  }
}

function checkKeep(keep: number | undefined): number | undefined {
  if (keep === undefined || (Number.isInteger(keep) && keep > 0)) return keep
  throw new HostwrightError(
    'PLAYBOOK_INVALID',
    `Cannot keep "${keep}" records: it is not a whole number from 1 up`,
  )
}

function missing(file: string): HostwrightError {
  return new HostwrightError(
    'USAGE_INVALID',
    `Cannot check playbook "${file}": there is no such file`,
    { hint: 'Check the path' },
  )
}

function notTaken(file: string): HostwrightError {
  return new HostwrightError(
    'PLAYBOOK_INVALID',
    `Cannot check playbook "${file}": it has not called playbook() of this library`,
    { hint: 'Await playbook() in it, and import it from the same copy of the library' },
  )
}
