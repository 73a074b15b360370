import { mkdir, readFile, readdir, rmdir } from 'node:fs/promises'
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
export async function cgroup(...path: readonly string[]): Promise<Cgroup> {
  return (await hierarchies()).map((root) => join(root, 'hostwright', ...path))
}

/** A group inside another. */
export function below(group: Cgroup, name: string): Cgroup {
  return group.map((folder) => join(folder, name))
}

export async function makeCgroup(group: Cgroup): Promise<void> {
  for (const folder of group) await mkdir(folder, { recursive: true })
}

/** The processes of a group and all groups inside it, lowest number first. */
export async function members(group: Cgroup): Promise<readonly number[]> {
  const found = new Set<number>()
  for (const folder of await tree(group)) {
    const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '')
    for (const line of text.split('\n')) if (Number(line) > 0) found.add(Number(line))
  }
  return [...found].toSorted((a, b) => a - b)
}

/**
 * Ends every process of a group and removes it with all inside it; nothing where it is missing.
 *
 * @throws HostwrightError LAB_FAILED when processes are left after ten seconds
 */
export async function removeCgroup(group: Cgroup): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const pids = await members(group)
    for (const pid of pids) signal(pid, 'SIGKILL')
    const folders = await tree(group)
    // The deepest first; one that still has a process is taken in the next round.
    for (const folder of folders.toReversed()) await rmdir(folder).catch(() => undefined)
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
export async function removeEmptyCgroup(group: Cgroup): Promise<void> {
  for (const folder of group) await rmdir(folder).catch(() => undefined)
}

/** Sends a signal to a process that may have ended. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended.
  }
}

/** A group's folders and all inside them, parents before children. */
async function tree(group: Cgroup): Promise<string[]> {
  const found: string[] = []
  for (const folder of group) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined)
    if (entries === undefined) continue
    const folders = entries.filter((entry) => entry.isDirectory())
    found.push(folder, ...(await tree(folders.map((entry) => join(folder, entry.name)))))
  }
  return found
}

/** @see cgroups(7), proc_pid_mountinfo(5) */
async function hierarchies(): Promise<readonly string[]> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8')
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
