import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'

let starting = false

/** Starts a shell in a process group of its own. */
export function spawnShell(command: string): ChildProcessWithoutNullStreams {
  starting = true
  try {
    return spawn('sh', ['-c', command], { detached: true, stdio: 'pipe' })
  } finally {
    starting = false
  }
}

/** Whether the process that is being started is a connection's, not one of the playbook. */
export function isSpawningShell(): boolean {
  return starting
}
