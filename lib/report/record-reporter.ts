import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import type { Reporter } from './events.js'

/** Records that are kept, the new one among them. */
const kept = 50

/**
 * Where a run's record stands: `.hostwright/runs/RUN.jsonl` in the working directory.
 *
 * @param run the id of the run
 */
export function recordFile(run: string): string {
  return resolve('.hostwright', 'runs', `${run}.jsonl`)
}

/**
 * Writes the run's record, one event a line, readable by its owner only. The file is there when
 * this returns. What happens at once is written at once, in one piece, before anything else is done: a
 * run that is killed leaves all that it did. Of the records beside it the newest 50 are kept.
 *
 * @throws HostwrightError USAGE_INVALID where the file can't be made, or is there already
 */
export function recordReporter(file: string): Reporter {
  const descriptor = open(file)
  removeOld(file)
  let waiting = ''
  let broken: unknown
  const flush = (): void => {
    const bytes = Buffer.from(waiting)
    waiting = ''
    try {
      for (let sent = 0; sent < bytes.length;) sent += writeSync(descriptor, bytes, sent)
    } catch (error) {
      broken ??= error
    }
  }
  const check = (): void => {
    if (broken !== undefined) throw broken
  }
  process.on('exit', flush)
  return {
    event(event) {
      check()
      if (waiting === '') process.nextTick(flush)
      waiting += `${JSON.stringify(event)}\n`
    },
    close() {
      flush()
      process.off('exit', flush)
      closeSync(descriptor)
      check()
    },
  }
}

function open(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    return openSync(file, 'ax', 0o600)
  } catch (error) {
    throw new HostwrightError(
      'USAGE_INVALID',
      `Cannot write the record of the run "${file}": ${(error as Error).message}`,
      { hint: 'Run it in a directory that you can write to', cause: error },
    )
  }
}

function removeOld(file: string): void {
  const folder = dirname(file)
  const others = readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl') && name !== basename(file))
    .map((name) => ({ name, time: changedAt(join(folder, name)) }))
    .toSorted((a, b) => b.time - a.time || (a.name < b.name ? 1 : -1))
  for (const { name } of others.slice(kept - 1)) rmSync(join(folder, name), { force: true })
}

/** Another run may remove the file at the same moment. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
