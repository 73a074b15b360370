import { HostwrightError } from '../../core/errors.js'
import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { inChunks, words } from './scripts.js'

export interface Entry {
  /** A symlink is seen itself, not what it points to. */
  readonly type: 'file' | 'directory' | 'symlink' | 'other'
  /** Four octal digits: `0644`. */
  readonly mode: string
  /** A name, or the number where it has none. */
  readonly owner: string
  readonly group: string
  readonly uid?: number
  readonly gid?: number
  /** Bytes. */
  readonly size: number
  /** Where a symlink points to, as it is written. */
  readonly target?: string
}

/** What is at a path. */
export type Stat = { readonly type: 'absent' } | Entry

const types: Readonly<Record<number, Entry['type']>> = {
  0x8000: 'file',
  0x4000: 'directory',
  0xa000: 'symlink',
}

/**
 * What is at a path, as `lstat` sees it.
 *
 * @see stat(1)
 * @example
 * ask(stat('/etc/hosts')).type // 'file'
 */
export const stat: (path: string) => Query<Stat> = probeKind<string, Stat>({
  name: 'stat',
  id: (path) => path,
  script: (paths) => inChunks(paths, script),
  parse(stdout, paths) {
    const found = new Map<string, Entry>()
    let missing = 0
    for (const line of stdout.toString().split('\n')) {
      if (line.startsWith('=')) add(found, line.slice(1))
      else if (line.startsWith('stat: ')) {
        refuse(line)
        missing += 1
      }
    }
    if (found.size + missing < paths.length) throw new Error('not all paths were looked at')
    return paths.map((path) => found.get(path) ?? { type: 'absent' })
  },
})

// Names come back in C quoting, on one line each whatever they hold, and errors on lines between them:
// error(3) writes out what stdout still holds before it writes.
function script(paths: readonly string[]): string {
  const format = String.raw`=%f\t%u\t%g\t%s\t%U\t%G\t%N\n`
  return `export LC_ALL=C QUOTING_STYLE=c
exec stat --printf '${format}' -- ${words(paths)} 2>&1`
}

function add(found: Map<string, Entry>, record: string): void {
  const [raw = '', uid, gid, size, owner = '', group = '', ...rest] = record.split('\t')
  const names = /^"((?:[^"\\]|\\.)*)"(?: -> "((?:[^"\\]|\\.)*)")?$/.exec(rest.join('\t'))
  if (names?.[1] === undefined) return
  const bits = parseInt(raw, 16)
  found.set(unquote(names[1]), {
    type: types[bits & 0xf000] ?? 'other',
    mode: (bits & 0o7777).toString(8).padStart(4, '0'),
    owner: owner === 'UNKNOWN' ? String(uid) : owner,
    group: group === 'UNKNOWN' ? String(gid) : group,
    uid: Number(uid),
    gid: Number(gid),
    size: Number(size),
    ...(names[2] !== undefined && { target: unquote(names[2]) }),
  })
}

/** What is not there is an answer; a path that may not be looked at is not. */
function refuse(line: string): void {
  if (/: (?:No such file or directory|Not a directory)$/.test(line)) return
  const parts = /^stat: cannot stat\w* (.*): ([^:]+)$/.exec(line)
  throw new HostwrightError(
    'TASK_FAILED',
    `Cannot look at ${parts?.[1]?.replace(/^["']|["']$/g, '"') ?? 'a path'}: ${parts?.[2]?.toLowerCase() ?? line}`,
    { hint: 'Use become, so that the shell may read the directory' },
  )
}

const escapes: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 }

function unquote(text: string): string {
  if (!text.includes('\\')) return text
  const bytes: number[] = []
  for (const [part] of text.matchAll(/\\[0-7]{3}|\\.|[^\\]/gsu)) {
    if (!part.startsWith('\\')) bytes.push(...Buffer.from(part))
    else if (part.length === 4) bytes.push(parseInt(part.slice(1), 8))
    else bytes.push(escapes[part.charAt(1)] ?? part.charCodeAt(1))
  }
  return Buffer.from(bytes).toString()
}
