import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { inChunks, words } from './scripts.js'

/**
 * The SHA-256 of a file's content, in hexadecimal; null where no readable file is. Symlinks are
 * followed.
 *
 * @see sha256sum(1)
 */
export const sha256: (path: string) => Query<string | null> = probeKind<string, string | null>({
  name: 'sha256',
  id: (path) => path,
  script: (paths) => inChunks(paths, script),
  parse(stdout, paths) {
    const sums = new Map<string, string>()
    for (const record of stdout.toString().split('\0'))
      if (record.length > 66) sums.set(record.slice(66), record.slice(0, 64))
    return paths.map((path) => sums.get(path) ?? null)
  },
})

// The shell's own test keeps sha256sum from waiting for a pipe.
function script(paths: readonly string[]): string {
  return `set -- ${words(paths)}
for path do shift; [ -f "$path" ] && [ -r "$path" ] && set -- "$@" "$path"; done
[ $# -eq 0 ] || exec sha256sum -z -- "$@"`
}
