import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

/** What a process has taken, with all that it started. */
export interface Finished {
  /** From its start to its end. */
  readonly seconds: number
  /** User and system, of the process and of what it has waited for. */
  readonly cpu: number
  /** The largest resident size (VmHWM) of one of its processes, in megabytes, where it was asked for. */
  readonly memory?: number
  readonly stdout: string
}

export interface MeasureOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Looks at the memory ten times a second. @default false */
  readonly memory?: boolean
}

/** The shell counts the CPU time of what it has waited for; the command has none of its descriptors. */
const counting = '"$@" 3>&-; status=$?; times >&3; exit "$status"'

/**
 * Runs a command and measures it.
 *
 * @throws Error with what it wrote, when it does not exit with 0
 * @see times in POSIX sh
 */
export async function measure(
  command: readonly string[],
  { cwd, env, memory = false }: MeasureOptions = {},
): Promise<Finished> {
  const started = performance.now()
  const child = spawn('sh', ['-c', counting, 'sh', ...command], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let largest = 0
  const look = (): void => void (largest = Math.max(largest, largestOf(child.pid ?? 0)))
  const timer = memory ? setInterval(look, 100) : undefined
  let seconds = 0
  child.on('exit', () => (seconds = (performance.now() - started) / 1000))
  const [stdout, stderr, times] = [1, 2, 3].map((at) => gather(child.stdio[at]))
  const [status] = (await once(child, 'close')) as [number | null]
  clearInterval(timer)
  if (status !== 0)
    throw new Error(`${command.join(' ')} ended with ${status}\n${stdout?.()}${stderr?.()}`)
  return {
    seconds,
    cpu: cpuOf(times?.() ?? ''),
    ...(memory && { memory: largest }),
    stdout: stdout?.() ?? '',
  }
}

/** The middle one, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = NaN, high = NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (low + high) / 2
}

function gather(stream: unknown): () => string {
  const chunks: Buffer[] = []
  ;(stream as NodeJS.ReadableStream).on('data', (chunk: Buffer) => void chunks.push(chunk))
  return () => Buffer.concat(chunks).toString()
}

/** The second line is of the children: `0m1.230000s 0m0.450000s`, user and system. */
function cpuOf(times: string): number {
  const [, children = ''] = times.split('\n')
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest),
    0,
  )
}

/** The largest resident size that a process or one below it has had, in megabytes. */
function largestOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const own = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return Math.max(own, ...children.split(' ').filter(Boolean).map(Number).map(largestOf))
  } catch {
    // It has ended in the meantime.
    return 0
  }
}
