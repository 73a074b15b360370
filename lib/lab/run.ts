import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { HostwrightError } from '../core/errors.js'

interface RunOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  /** Sees every line of both outputs as it comes. */
  readonly onLine?: (line: string) => void
}

/**
 * Runs a command of this machine and gives what it wrote to standard output. It ends with this
 * process, however that ends.
 *
 * @throws HostwrightError LAB_FAILED when it cannot be started or does not exit with 0
 */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C.UTF-8', ...options.env },
  })
  const stdout: string[] = []
  const stderr: string[] = []
  const read = async (stream: NodeJS.ReadableStream, into: string[]): Promise<void> => {
    for await (const line of createInterface({ input: stream })) {
      into.push(line)
      options.onLine?.(line)
    }
  }
  // A command that does not read its input closes the pipe; its exit status says what is the case.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  const ended = new Promise<string | number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'))
  })
  const [status] = await Promise.all([
    ended,
    read(child.stdout, stdout),
    read(child.stderr, stderr),
  ])
  if (status === 0) return stdout.join('\n')
  throw new HostwrightError('LAB_FAILED', `Cannot run "${command}": it ended with ${status}`, {
    command: [command, ...args].join(' '),
    ...(typeof status === 'number' ? { exitCode: status } : {}),
    stderr: [...stderr, ...(stderr.length > 0 ? [] : stdout)].slice(-20).join('\n'),
  })
}
