import { rmdir } from 'node:fs/promises'
import { withLock } from '../core/lock.js'
import { labTestFolder } from '../lab/places.js'
import type { Progress } from '../lab/types.js'

/**
 * Waits until no other test has a lab's hosts: runners start files side by side.
 *
 * @returns what gives them free
 */
export async function holdLab(name: string, progress: Progress): Promise<() => Promise<void>> {
  const folder = labTestFolder(name)
  let free: () => void = () => undefined
  const freed = new Promise<void>((resolve) => (free = resolve))
  let held: Promise<void> = Promise.resolve()
  await new Promise<void>((resolve, reject) => {
    const work = async (): Promise<void> => {
      resolve()
      await freed
      await rmdir(folder)
    }
    const onWait = (): void => progress('waiting for another test of it')
    held = withLock(folder, work, { make: true, onWait })
    held.catch(reject)
  })
  return async () => {
    free()
    await held
  }
}
