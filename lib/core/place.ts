import { findSourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'
import { dirname, relative } from 'node:path'
import { libFolder } from './lib-folder.js'

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

const ownFolder = fileURLToPath(libFolder)
/** In the package lib/ lies in dist/; its source maps name the files as they lie in the checkout. */
const packageFolder = ownFolder.replace(/(?:dist\/)?lib\/$/, '')
const ownFolders = [`${packageFolder}lib/`, `${packageFolder}dist/lib/`]
/** Packages that call back what the library or a role gives them. */
const goBetween = /\/node_modules\/(?:valibot|p-limit|zx)\//

/** The nearest caller that is not the library itself: the user's playbook, or a role. */
export function callerPlace(): Place | undefined {
  const site = callerSite(callerPlace)
  return site && placeOf(site)
}

/**
 * The folder of the nearest caller that is not the library itself, as it was loaded: where a role's
 * templates lie. Source maps may lead to another.
 */
export function callerFolder(): string | undefined {
  const site = callerSite(callerFolder)
  return site && dirname(pathOf(site.getFileName() ?? ''))
}

/** Made for every resource: no trace is written as text, with source maps for each of its lines. */
function callerSite(below: () => unknown): NodeJS.CallSite | undefined {
  // Nearly always the caller is near, and each frame costs.
  return nearestCaller(below, 4) ?? nearestCaller(below, 30)
}

function nearestCaller(below: () => unknown, frames: number): NodeJS.CallSite | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error
  const holder: { stack?: unknown } = {}
  Error.stackTraceLimit = frames
  Error.prepareStackTrace = (_, sites) => sites
  Error.captureStackTrace(holder, below)
  const sites = holder.stack as NodeJS.CallSite[]
  Error.prepareStackTrace = prepareStackTrace
  Error.stackTraceLimit = stackTraceLimit
  return sites.find((site) => isCaller(site.getFileName() ?? ''))
}

/** By file, as it was loaded. */
const callers = new Map<string, boolean>()

function isCaller(file: string): boolean {
  let caller = callers.get(file)
  if (caller === undefined) {
    const path = pathOf(file)
    caller = path.startsWith('/') && !isOwn(path) && !goBetween.test(path)
    callers.set(file, caller)
  }
  return caller
}

/** By where the code was loaded from. */
const places = new Map<string, Place>()

function placeOf(site: NodeJS.CallSite): Place {
  const file = site.getFileName() ?? ''
  const line = site.getLineNumber() ?? 1
  const column = site.getColumnNumber() ?? 1
  const id = `${file}:${line}:${column}`
  let place = places.get(id)
  if (place === undefined) {
    const origin = findSourceMap(file)?.findEntry(line - 1, column - 1)
    place =
      origin && 'originalSource' in origin
        ? {
            file: pathOf(origin.originalSource),
            line: origin.originalLine + 1,
            column: origin.originalColumn + 1,
          }
        : { file: pathOf(file), line, column }
    places.set(id, place)
  }
  return place
}

/** Where in the user's playbook or a role an error that is not the library's was thrown. */
export function errorPlace(error: unknown): Place | undefined {
  return error instanceof Error ? stackPlace(error.stack ?? '') : undefined
}

/** Where a stack trace first leaves the library and what it or the user has installed. */
export function stackPlace(stack: string): Place | undefined {
  return firstFrame(
    stack,
    (file) => !isOwn(file) && (isRole(file) || !file.includes('/node_modules/')),
  )
}

function isOwn(file: string): boolean {
  return ownFolders.some((folder) => file.startsWith(folder))
}

/** One of the package's own roles, which may lie in node_modules. */
function isRole(file: string): boolean {
  if (!file.startsWith(packageFolder)) return false
  return /^(?:dist\/)?roles\//.test(file.slice(packageFolder.length))
}

function firstFrame(stack: string, accept: (file: string) => boolean): Place | undefined {
  for (const line of stack.split('\n').slice(1)) {
    const found = /(?:\(|at |async )((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/.exec(line)
    if (found?.[1] === undefined) continue
    const file = pathOf(found[1])
    if (accept(file)) return { file, line: Number(found[2]), column: Number(found[3]) }
  }
  return undefined
}

function pathOf(place: string): string {
  return place.startsWith('file:') ? fileURLToPath(place.replace(/\?.*$/, '')) : place
}
