import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { createInterface } from 'node:readline'

// A lock of the kernel on the folder itself: it ends with its holder and leaves no file. The folder
// may have been removed while it was waited for, so that the lock would be on nothing.
const script = `
command exec 9<"$1" || exit 2
flock -n 9 || { echo waiting; flock 9 || exit 2; }
[ "$1" -ef /dev/fd/9 ] || exit 75
echo locked
exec cat`

export interface LockOptions {
  /** Makes the folder where it is missing; the work may remove it. @default false */
  readonly make?: boolean
  /** Is called when another process has the lock. */
  readonly onWait?: () => void
}

/**
 * Does some work while no other process has a folder's lock.
 *
 * @throws Error where the folder cannot be read, and what the work throws
 * @see flock(1)
 */
export async function withLock<T>(
  folder: string,
  work: () => Promise<T>,
  { make = false, onWait = () => undefined }: LockOptions = {},
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    if (make) await mkdir(folder, { recursive: true, mode: 0o700 })
    // Of its own process group, so that Ctrl-C does not free the lock before this process is done.
    const holder = spawn('sh', ['-c', script, 'lock', folder], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    })
    const ended = new Promise<number | null>((resolve, reject) =>
      holder.on('close', resolve).on('error', reject),
    )
    try {
      for await (const line of createInterface({ input: holder.stdout })) {
        if (line === 'locked') return await work()
        onWait()
      }
    } finally {
      holder.stdin.end()
      await ended
    }
    // 75 says that another folder is there by now, or none.
    if (tries > 50 || ((await ended) !== 75 && !(make && tries < 5)))
      throw new Error(`the folder "${folder}" cannot be locked`)
  }
}
