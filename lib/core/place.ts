import { fileURLToPath } from 'node:url'
import { relative } from 'node:path'

/** A line of a file: where something was written or called. Lines and columns start at 1. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

/** A place as `file:line:column`, relative to the working directory where that is shorter. */
export function formatPlace(place: Place): string {
  const near = relative(process.cwd(), place.file)
  const file = near !== '' && !near.startsWith('..') ? near : place.file
  return [file, place.line, place.column].filter((part) => part !== undefined).join(':')
}

const ownFolder = fileURLToPath(new URL('..', import.meta.url))

/** The nearest caller that is not the library itself: the user's playbook or role. */
export function callerPlace(): Place | undefined {
  const holder: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  Error.captureStackTrace(holder, callerPlace)
  Error.stackTraceLimit = limit
  return stackPlace(holder.stack ?? '')
}

/** Where in the user's playbook or role an error that is not the library's was thrown. */
export function errorPlace(error: unknown): Place | undefined {
  return error instanceof Error ? stackPlace(error.stack ?? '') : undefined
}

/** Where a stack trace first leaves the library: the line of the user's playbook or role. */
export function stackPlace(stack: string): Place | undefined {
  for (const line of stack.split('\n').slice(1)) {
    const found = /(?:\(|at |async )((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/.exec(line)
    if (found?.[1] === undefined) continue
    const path = found[1].startsWith('file:')
      ? fileURLToPath(found[1].replace(/\?.*$/, ''))
      : found[1]
    if (path.startsWith(ownFolder) || path.includes('/node_modules/')) continue
    return { file: path, line: Number(found[2]), column: Number(found[3]) }
  }
  return undefined
}
