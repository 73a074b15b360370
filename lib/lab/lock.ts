import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { createInterface } from 'node:readline'

// A lock of the kernel on the folder itself: it ends with its holder and leaves no file. The folder
// may have been removed while it was waited for, so that the lock would be on nothing.
const script = `
exec 9<"$1" || exit
flock -n 9 || { echo waiting; flock 9; }
[ "$1" -ef /dev/fd/9 ] || exit
echo locked
exec cat`

/**
 * Makes a folder where it is missing and does some work while no other process has its lock. The
 * work may remove the folder.
 *
 * @param onWait is called when another process has the lock
 */
export async function withLock<T>(
  folder: string,
  work: () => Promise<T>,
  onWait: () => void = () => undefined,
): Promise<T> {
  for (;;) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    // Of its own process group, so that Ctrl-C does not free the lock before this process is done.
    const holder = spawn('sh', ['-c', script, 'lock', folder], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    })
    const ended = new Promise((resolve, reject) => holder.on('close', resolve).on('error', reject))
    try {
      for await (const line of createInterface({ input: holder.stdout })) {
        if (line === 'locked') return await work()
        onWait()
      }
    } finally {
      holder.stdin.end()
      await ended
    }
  }
}
