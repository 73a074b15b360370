import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface ProcessCounter {
  /** The number that the host's newest process has got; numbers are given one after the other. */
  newest(): Promise<number>
  close(): void
}

/**
 * Counts the processes and threads that are started on a lab host, which gives them numbers of its
 * own, without starting any: one shell stays logged in, and reads a file with what it has built in.
 *
 * @param login the command that logs in
 * @see proc(5) for the last field of /proc/loadavg
 */
export function processCounter([program = '', ...args]: readonly string[]): ProcessCounter {
  const shell = spawn(program, [...args, 'sh'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]()
  return {
    async newest() {
      shell.stdin.write('read -r _ _ _ _ newest </proc/loadavg; echo "$newest"\n')
      const { value } = (await lines.next()) as { readonly value?: string }
      return Number(value)
    },
    close: () => void shell.stdin.end(),
  }
}
