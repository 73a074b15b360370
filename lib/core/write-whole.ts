import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Writes a file on this machine as a whole: a reader sees all of it or what was there before, also
 * after a power failure. What it takes on the way is a hidden file beside it.
 *
 * @param mode of the new file @default what the umask leaves
 * @throws the error of the operating system
 */
export function writeWhole(path: string, content: string, mode?: number): void {
  const temporary = besideOf(path)
  try {
    flushed(openSync(temporary, 'wx', mode), (file) => {
      writeFileSync(file, content)
      if (mode !== undefined) fchmodSync(file, mode)
    })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  // The new name is on the disk once the folder is.
  flushed(openSync(dirname(path), 'r'))
}

/** The name of a hidden file in the same folder. */
export function besideOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`)
}

function flushed(file: number, work?: (file: number) => void): void {
  try {
    work?.(file)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
