import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HostwrightError } from '../core/errors.js'

const length = 32

/**
 * The salt of a history's fingerprints, made when it is first asked for. Of two that make it at the
 * same time both get the same.
 *
 * @throws HostwrightError USAGE_INVALID where it can be neither read nor made
 */
export function readSalt(folder: string): Buffer {
  const file = join(folder, 'salt')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return whole(readFileSync(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(file, error)
  }
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  try {
    writeFileSync(temporary, randomBytes(length), { mode: 0o600, flag: 'wx', flush: true })
    try {
      linkSync(temporary, file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    return whole(readFileSync(file))
  } catch (error) {
    throw unusable(file, error)
  } finally {
    rmSync(temporary, { force: true })
  }
}

function whole(bytes: Buffer): Buffer {
  if (bytes.length === length) return bytes
  throw new Error(`it holds ${bytes.length} bytes, not ${length}`)
}

function unusable(file: string, error: unknown): HostwrightError {
  return new HostwrightError(
    'USAGE_INVALID',
    `Cannot use the salt "${file}": ${error instanceof Error ? error.message : String(error)}`,
    {
      hint: 'Check the rights of the folder; where the file is broken remove it, and what changed since the last check is told as unknown',
      cause: error,
    },
  )
}
