import { HostwrightError } from '../../core/errors.js'
import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { chunks, inChunks, words } from './scripts.js'

/**
 * A file's content; null where no readable file is. Symlinks are followed.
 *
 * @see cat(1)
 */
export const content: (path: string) => Query<Buffer | null> = probeKind<string, Buffer | null>({
  name: 'content',
  id: (path) => path,
  script: (paths) => inChunks(paths, script),
  parse(stdout, paths) {
    let rest = stdout
    const take = (end: Buffer): Buffer => {
      const at = rest.indexOf(end)
      if (at < 0)
        throw new HostwrightError(
          'INTERNAL',
          'Cannot read contents: the answer of the host is cut short',
        )
      const part = rest.subarray(0, at)
      rest = rest.subarray(at + end.length)
      return part
    }
    return chunks(paths).flatMap((chunk) => {
      const present = take(newline).toString()
      const mark = Buffer.concat([take(newline), newline])
      return chunk.map((_, index) => (present[index] === '1' ? take(mark) : null))
    })
  },
})

const newline = Buffer.from('\n')

// One cat for all: the kernel's boot id, told first, stands after each content.
function script(paths: readonly string[]): string {
  return `set -- ${words(paths)}
id=/proc/sys/kernel/random/boot_id
for path do
  shift
  if [ -f "$path" ] && [ -r "$path" ]; then printf 1; set -- "$@" "$path" "$id"; else printf 0; fi
done
read -r mark < "$id"
printf '\\n%s\\n' "$mark"
[ $# -eq 0 ] || exec cat -- "$@"`
}
