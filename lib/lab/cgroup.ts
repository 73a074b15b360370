import { mkdirSync, readFileSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HostwrightError } from '../core/errors.js'

/**
 * A control group of the lab, in every hierarchy that systemd uses on this machine: the unified
 * one, or with version 1 the one named systemd and, if there is one, the unified one beside it.
 *
 * Every process of a lab is in one of its groups from its first moment on, so a group's members are
 * the truth about what runs: they are found again whatever became of who started them.
 */
export type Cgroup = readonly string[]

/** The group with this path below the lab's own. */
export function cgroup(...path: readonly string[]): Cgroup {
  return hierarchies().map((root) => join(root, 'hostwright', ...path))
}

/** A group inside another. */
export function below(group: Cgroup, name: string): Cgroup {
  return group.map((folder) => join(folder, name))
}

export function makeCgroup(group: Cgroup): void {
  for (const folder of group) mkdirSync(folder, { recursive: true })
}

/** The processes of a group and all groups inside it, lowest number first. */
export function members(group: Cgroup): readonly number[] {
  const found = new Set<number>()
  for (const folder of tree(group)) {
    const text = attempt(() => readFileSync(join(folder, 'cgroup.procs'), 'utf8')) ?? ''
    for (const line of text.split('\n')) if (Number(line) > 0) found.add(Number(line))
  }
  return [...found].toSorted((a, b) => a - b)
}

/**
 * Ends every process of a group and removes it with all inside it; nothing where it is missing.
 *
 * @throws HostwrightError LAB_FAILED when processes are left after a minute
 */
export async function removeCgroup(group: Cgroup): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const pids = members(group)
    for (const pid of pids) signal(pid, 'SIGKILL')
    const folders = tree(group)
    // The deepest first; one that still has a process is taken in the next round.
    for (const folder of folders.toReversed()) attempt(() => rmdirSync(folder))
    if (folders.length === 0) return
    if (Date.now() > deadline)
      throw new HostwrightError(
        'LAB_FAILED',
        `Cannot end "${group[0]}": processes are left in it`,
        {
          hint: `Look at the processes ${pids.join(', ')}`,
        },
      )
    await sleep(20)
  }
}

/** Removes a group that has neither processes nor groups in it; leaves any other. */
export function removeEmptyCgroup(group: Cgroup): void {
  for (const folder of group) attempt(() => rmdirSync(folder))
}

/** Sends a signal to a process that may have ended. */
export function signal(pid: number, name: NodeJS.Signals): void {
  attempt(() => process.kill(pid, name))
}

/** A group's folders and all inside them, parents before children. */
function tree(group: Cgroup): string[] {
  return group.flatMap((folder) => {
    const entries = attempt(() => readdirSync(folder, { withFileTypes: true }))
    if (entries === undefined) return []
    const folders = entries.filter((entry) => entry.isDirectory())
    return [folder, ...tree(folders.map((entry) => join(folder, entry.name)))]
  })
}

/** Groups and processes go away at any moment: what fails then is not an error. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** @see cgroups(7), proc_pid_mountinfo(5) */
function hierarchies(): readonly string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
  const roots = mounts.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [type = '', , options = ''] = after.split(' ')
    const systemd = type === 'cgroup' && options.split(',').includes('name=systemd')
    return type === 'cgroup2' || systemd ? [before.split(' ')[4] ?? ''] : []
  })
  if (roots.length > 0) return roots
  throw new HostwrightError('LAB_UNAVAILABLE', 'Cannot start lab hosts: no cgroups are mounted', {
    hint: 'Mount them: mount -t cgroup2 cgroup2 /sys/fs/cgroup',
  })
}
