import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** What the figures are of. */
export function machine(): Readonly<Record<string, string>> {
  const [first] = cpus()
  return {
    processors: `${cpus().length} × ${first?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    // What a distribution adds to it says nothing here.
    kernel: /^\d+\.\d+\.\d+/.exec(release())?.[0] ?? release(),
    system: said('sh', '-c', '. /etc/os-release; echo "$PRETTY_NAME"'),
    node: process.version,
    ssh2: installed('ssh2'),
    tsx: installed('tsx'),
    'ansible-core': debian('ansible-core'),
    'ansible-mitogen': debian('ansible-mitogen'),
    'openssh-client': debian('openssh-client'),
  }
}

/** What the machine does when nothing of the bench runs. */
export async function loadNow(): Promise<{ readonly load: number; readonly busy: number }> {
  const before = processorTimes()
  await sleep(1000)
  const after = processorTimes()
  const busy = 1 - (after.idle - before.idle) / (after.all - before.all)
  return { load: loadavg()[0] ?? 0, busy }
}

/** Of all processors together; what the machine below took away counts as busy. */
function processorTimes(): { readonly idle: number; readonly all: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softIrq = 0, steal = 0] = line
    .split(/ +/)
    .slice(1)
    .map(Number)
  return { idle: idle + wait, all: user + nice + system + idle + wait + irq + softIrq + steal }
}

function installed(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version
}

function debian(name: string): string {
  return said('dpkg-query', '-W', '-f', '${Version}', name)
}

function said(command: string, ...args: readonly string[]): string {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return 'not installed'
  }
}
