import { userName } from '../core/user-name.js'
import { openShell } from './shell.js'
import { shellKeeper } from './shell-keeper.js'
import { spawnShell } from './spawn-shell.js'
import type { Connection, ConnectionSettings } from './types.js'
import type { End, Wire } from './wire.js'

/** Milliseconds between asking the processes to end and ending them. */
const grace = 2000

/**
 * The controller itself as a host: its shells are child processes. Their outputs are sockets, as Node
 * makes them, so a script cannot open them by name (`/dev/stderr`); `>&2` works.
 */
export function localConnection(settings: ConnectionSettings): Connection {
  return shellKeeper(settings, userName(), {
    open: (become) => openShell(settings.name, run, become),
    close: async () => {},
  })
}

/** Runs a command line in a process group of its own, which ends as a whole with it. */
function run(command: string): Promise<Wire> {
  const child = spawnShell(command)
  const { stdin, stdout, stderr, pid } = child
  const ended = new Promise<End>((resolve) => {
    child.on('error', (error) => resolve({ reason: error.message }))
    child.on('exit', (exitCode, signal) => {
      const end =
        exitCode === null
          ? { reason: `signal ${signal}` }
          : { reason: `exit status ${exitCode}`, exitCode }
      // The last output may come after the end; a process left behind may keep its stream open.
      const timer = setTimeout(() => resolve(end), 100)
      child.on('close', () => {
        clearTimeout(timer)
        resolve(end)
      })
      endGroup(pid)
    })
  })
  return Promise.resolve({
    stdin,
    stdout,
    stderr,
    ended,
    endsWithConnection: false,
    kill() {
      if (child.exitCode === null && child.signalCode === null) endGroup(pid)
    },
  })
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined || !signalGroup(pid, 'SIGTERM')) return
  setTimeout(() => signalGroup(pid, 'SIGKILL'), grace).unref()
}

/** Whether there was something to signal. What runs under sudo may not be: it ends with its input. */
function signalGroup(group: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(-group, name)
  } catch {
    return false
  }
}
