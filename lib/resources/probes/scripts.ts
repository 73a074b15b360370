import { quote } from '../../core/quote.js'

/** Argument lists stay far below what a kernel takes, and a shell's own work on them short. */
const most = 250

/** One script per chunk of keys, one after the other; each may end with `exec`, which saves a process. */
export function inChunks<Key>(
  keys: readonly Key[],
  script: (chunk: readonly Key[]) => string,
): string {
  return chunks(keys)
    .map(script)
    .map((text, index, all) => (index < all.length - 1 ? `(\n${text}\n)` : text))
    .join('\n')
}

export function chunks<Key>(keys: readonly Key[]): Key[][] {
  const starts = Array.from({ length: Math.ceil(keys.length / most) }, (_, index) => index * most)
  return starts.map((start) => keys.slice(start, start + most))
}

/** Words for a shell, quoted. */
export function words(texts: readonly string[]): string {
  return texts.map(quote).join(' ')
}

/**
 * Shell that sets `hw_uid` and `hw_gid` to the numbers whose rights it has, without a process for it.
 *
 * @see proc_pid_status(5)
 */
export const ownIds = `while read -r hw_name _ hw_id _; do
  case $hw_name in Uid:) hw_uid=$hw_id ;; Gid:) hw_gid=$hw_id; break ;; esac
done </proc/self/status`
