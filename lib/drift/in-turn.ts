import { mkdirSync } from 'node:fs'
import { withLock } from '../core/lock.js'

/**
 * Lets checks that share a history compare with it, add to it and tell of it one after the other: what
 * another has found meanwhile is neither told twice nor taken for resolved.
 */
export async function inTurn<T>(folder: string, work: () => Promise<T>): Promise<T> {
  let isLocked = false
  try {
    mkdirSync(folder, { recursive: true })
    return await withLock(folder, async () => {
      isLocked = true
      return await work()
    })
  } catch (error) {
    if (isLocked) throw error
    // Better told twice than not at all.
    return await work()
  }
}
