import { dirname, relative } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { errorCodes, HostwrightError } from '../core/errors.js'
import { callerPlace } from '../core/place.js'
import type { Inventory } from '../inventory/types.js'
import type { PlayFunction } from '../play/play.js'
import { execute } from './execute.js'
import { instead, type Purpose } from './purpose.js'
import { worstExitCode } from './exit-code.js'
import { parsePlaybookArgs, playbookHelp, type PlaybookOptions } from './options.js'
import { tell } from './tell.js'
import { version } from './version.js'

/** What a playbook's function gets. */
export interface PlaybookContext {
  readonly play: PlayFunction
  readonly inventory: Inventory
  /** True with --check. */
  readonly check: boolean
}

/**
 * Runs a playbook with the command line that every playbook has, and sets the exit code of the
 * process: 0 done, 1 the input was wrong and no host was touched, 2 a task or a check failed, 4 a
 * host was unreachable. What fails is reported, not thrown.
 *
 * @param name shown in outputs and in the lock on the hosts
 * @example
 * await playbook('motd', async ({ play }) => {
 *   await play('Message', { hosts: 'all', become: true }, async (host) => {
 *     await host.ensure(file({ path: '/etc/motd', content: 'hello\n' }))
 *   })
 * })
 */
export async function playbook(
  name: string,
  body: (context: PlaybookContext) => Promise<unknown>,
): Promise<void> {
  const place = callerPlace()
  optimizeLater()
  try {
    const options = parsePlaybookArgs(process.argv.slice(2))
    if (options.help) {
      const script = place ? relative(process.cwd(), place.file) : name
      return void process.stdout.write(playbookHelp(script))
    }
    if (options.version) return void process.stdout.write(`${version()}\n`)
    const isListed = options.listHosts || options.listTasks
    const playbookFolder = place && dirname(place.file)
    const run = async (purpose?: Purpose) =>
      await execute(name, purposeful(options, purpose), playbookFolder, body, purpose)
    const exitCode = await (isListed
      ? run()
      : (instead.taken?.(name, options.inventories, run) ?? run()))
    endWith(exitCode, options.detailedExitcode)
  } catch (error) {
    tell(error)
    endWith(error instanceof HostwrightError ? errorCodes[error.code] : 1, false)
  }
}

/**
 * Most runs end before code of V8's optimizing compiler has paid for its making. Node 20 has nothing
 * between that and its baseline compiler, and begins early; later ones do not know the flag.
 */
function optimizeLater(): void {
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=1000000')
}

/** What a special run wants differently from what the command line says. */
function purposeful(options: PlaybookOptions, purpose?: Purpose): PlaybookOptions {
  if (!purpose) return options
  // Whoever has given the purpose wants to know whether it failed, not whether it changed anything.
  return { ...options, check: purpose.check ?? options.check, detailedExitcode: false }
}

function endWith(exitCode: number, detailed: boolean): void {
  process.exitCode = worstExitCode([Number(process.exitCode ?? 0), exitCode], detailed)
}
