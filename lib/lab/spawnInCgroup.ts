import { spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { makeCgroup, type Cgroup } from './cgroup.js'

/**
 * Starts a command that goes on when this process ends: in a session of its own, in a control group
 * from its first moment on, with its output in a file.
 */
export async function spawnInCgroup(
  group: Cgroup,
  log: string,
  command: readonly string[],
): Promise<void> {
  makeCgroup(group)
  // Writing 0 moves the process that writes.
  const joined = group.map((folder) => `echo 0 >'${folder}/cgroup.procs'`).join(' && ')
  const output = await open(log, 'w', 0o600)
  try {
    const child = spawn('sh', ['-c', `${joined} && exec "$@"`, 'sh', ...command], {
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      cwd: '/',
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    })
    await new Promise((resolve, reject) => child.on('spawn', resolve).on('error', reject))
    child.unref()
  } finally {
    await output.close()
  }
}
