import { HostwrightError } from '../core/errors.js'
import type { Host } from '../host/index.js'
import { loadInventory } from '../inventory/index.js'
import type { Lab } from '../lab/index.js'
import type { HostwrightEvent } from '../report/events.js'
import { consoleReporter } from '../report/index.js'
import { untruths } from './compare-runs.js'
import { holdLab } from './hold-lab.js'
import { layerDifferences, layerOf } from './layer.js'
import { openHosts } from './open-hosts.js'
import { runPlay, type PlayRun } from './run-play.js'
import type { TestedRole, TestRoleOptions } from './types.js'

/**
 * Tests a role on blank hosts of a lab, whatever the test runner: it throws where the role does not
 * pass. It boots the hosts, runs in check mode, which must write nothing; runs for real, which must
 * make just what check mode has planned; and runs again, which must change nothing. What failed is
 * shown on standard error, with the recap.
 *
 * The lab is taken down by `close`, and at once where the role does not pass; with HOSTWRIGHT_KEEP=1,
 * or `--keep` among the arguments of the test's process, it stays. Other tests of the lab, also in
 * other processes, wait until `close`.
 *
 * @throws HostwrightError CHECK_FAILED, and what the role or the lab throws
 * @example
 * const tested = await testRole({ lab, play: (host) => motd(host, { text: 'hello' }) })
 * t.teardown(() => tested.close())
 * t.equal((await tested.host('one').$`cat /etc/motd`).text(), 'hello')
 */
export async function testRole(options: TestRoleOptions): Promise<TestedRole> {
  const { lab, play, hosts = 'all', become = false } = options
  const keep =
    options.keep ?? (process.argv.includes('--keep') || process.env['HOSTWRIGHT_KEEP'] === '1')
  const progress = (line: string): void => void process.stderr.write(`lab ${lab.name}: ${line}\n`)
  const free = await holdLab(lab.name, progress)
  try {
    await lab.reset(undefined, progress)
    const inventory = await loadInventory({ sources: [], data: await lab.load() })
    const run = { inventory, hosts, become }
    const check = await runChecked(lab, { ...run, mode: 'check' }, play)
    const first = await runShown({ ...run, mode: 'run' }, play)
    require(untruths(check, first).length ===
      0, `check mode did not tell what the run did: ${untruths(check, first).join('; ')}`, first, 'compare the tasks of the two runs')
    const second = await runShown({ ...run, mode: 'run' }, play)
    const again = second.filter((event) => event.type === 'task' && event.status === 'changed')
    require(again.length ===
      0, `the second run changed something: ${again.map((event) => 'task' in event && event.task).join(', ')}`, second, 'a resource has to find done what it has done')
    const opened = await openHosts(run)
    const close = async (): Promise<void> => {
      await opened.close()
      await leave(lab, keep, free)
    }
    const events = { check, first, second }
    return { host: opened.host, events, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    const untouched = error instanceof HostwrightError && error.code === 'LAB_UNAVAILABLE'
    await leave(lab, keep || untouched, free)
    throw error
  }
}

async function leave(lab: Lab, keep: boolean, free: () => Promise<void>): Promise<void> {
  try {
    if (!keep) await lab.down()
  } finally {
    await free()
  }
}

/** A run in check mode, before and after which the hosts' files are the same. */
async function runChecked(
  lab: Lab,
  run: PlayRun,
  play: (host: Host) => Promise<unknown>,
): Promise<readonly HostwrightEvent[]> {
  const names = run.inventory.select(run.hosts).map(({ name }) => name)
  const look = () => names.map((name) => layerOf(lab.overlayFolder(name)))
  const before = look()
  const events = await runShown(run, play)
  const after = look()
  for (const [index, name] of names.entries()) {
    const written = layerDifferences(before[index] ?? new Map(), after[index] ?? new Map())
    require(written.length ===
      0, `check mode wrote "${written.join('", "')}" on "${name}"`, events, 'a command that is said to be readOnly, or a probe, has written it')
  }
  return events
}

async function runShown(
  run: PlayRun,
  play: (host: Host) => Promise<unknown>,
): Promise<readonly HostwrightEvent[]> {
  const { events, failure } = await runPlay(run, play)
  if (failure === undefined) return events
  show(events)
  throw failure
}

function require(
  holds: boolean,
  what: string,
  events: readonly HostwrightEvent[],
  hint: string,
): void {
  if (holds) return
  show(events)
  throw new HostwrightError('CHECK_FAILED', `Cannot pass the test: ${what}`, { hint })
}

/** What people see of a run, its recap at the end. */
function show(events: readonly HostwrightEvent[]): void {
  const reporter = consoleReporter({ stream: process.stderr, tty: false })
  for (const event of events) reporter.event(event)
  reporter.close?.()
}
