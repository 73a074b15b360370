import { closeSync, openSync, realpathSync, rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { besideOf, writeWhole } from '../core/write-whole.js'

/** A file that a report goes to. */
export interface ReportFile {
  /**
   * Replaces the file as a whole: a reader sees the report before or the new one, never a part.
   *
   * @throws the error of the operating system
   */
  write(text: string): void
}

/**
 * Makes sure now that a report can be written later. A file that is there already keeps its mode,
 * and a link is followed.
 *
 * @param newMode of a file that is not there yet @default what the umask leaves
 * @throws HostwrightError USAGE_INVALID where it can't
 */
export function reportFile(path: string, newMode?: number): ReportFile {
  try {
    const { target, mode = newMode } = find(resolve(path))
    const probe = besideOf(target)
    closeSync(openSync(probe, 'wx'))
    rmSync(probe)
    return { write: (text) => writeWhole(target, text, mode) }
  } catch (error) {
    throw new HostwrightError(
      'USAGE_INVALID',
      `Cannot write the report "${path}": ${reason(error)}`,
      { hint: 'Give a file in a directory that you can write to', cause: error },
    )
  }
}

/** The system's own message names the temporary file. */
function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'its directory is not there'
  if (code === 'ENOTDIR') return 'a part of its path is no directory'
  if (code === 'EACCES' || code === 'EROFS') return 'its directory is not writable for this user'
  return error instanceof Error ? error.message : String(error)
}

function find(path: string): { readonly target: string; readonly mode: number | undefined } {
  const present = statSync(path, { throwIfNoEntry: false })
  if (present === undefined) return { target: path, mode: undefined }
  if (!present.isFile()) throw new Error('it is there already, and it is no file')
  return { target: realpathSync(path), mode: present.mode & 0o7777 }
}
