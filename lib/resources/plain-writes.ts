import { randomBytes } from 'node:crypto'
import { posix } from 'node:path'
import { quote } from '../core/quote.js'
import { temporaryBeside } from './paths.js'
import type { Entry } from './probes/stat.js'
import type { StepKind } from './types.js'

/** A file with nothing special about it: its text is small, and nobody else writes to its folder. */
export interface PlainWrite {
  readonly path: string
  readonly text: string
  readonly wanted: Entry
  readonly exists: boolean
  readonly isOwner: boolean
}

/**
 * Files in folders to which nobody else writes. In each folder a private one is made, and in it the new
 * files by the shell itself; they get owner and mode, are flushed to disk and renamed. Of several
 * contents of one file only the last is written: nobody could have seen the others.
 */
export const plainWrites: StepKind<PlainWrite> = {
  script(parts) {
    const first = new Map(parts.toReversed().map((part) => [part.path, part]))
    const last = new Map(parts.map((part) => [part.path, part]))
    const made = new Map<string, string>()
    const files = [...last.values()].map((part) => {
      const beside = folderBeside(part.path)
      const folder = made.get(beside) ?? `${beside}${randomBytes(6).toString('hex')}`
      made.set(beside, folder)
      const temporary = `${folder}/${quote(posix.basename(part.path))}`
      return { ...part, exists: first.get(part.path)!.exists, folder, temporary }
    })
    const folders = [...new Set(files.map(({ folder }) => folder))].join(' ')
    return [
      'umask 077',
      clearing(files.map(({ path }) => path)),
      `clear() { rm -rf -- ${folders}; }`,
      'trap clear EXIT',
      "trap 'exit 1' HUP INT TERM",
      `mkdir -m 0700 -- ${folders} || exit 1`,
      ...files.map(({ text, temporary }) => `printf %s ${quote(text)} >${temporary} || exit 1`),
      ...inOne(
        files.filter(({ isOwner }) => !isOwner),
        ({ wanted }) => `chown -- ${quote(`${wanted.owner}:${wanted.group}`)}`,
      ),
      ...inOne(files, ({ wanted }) => `chmod -- ${wanted.mode}`),
      ...inOne(files, () => 'sync --'),
      // Where SELinux is enabled a file keeps its label, and a new one gets that of its path.
      'z=',
      'if [ -e /sys/fs/selinux/enforce ]; then z=Z',
      ...inOne(
        files.filter(({ exists }) => exists),
        ({ path }) => `chcon --reference=${quote(path)} --`,
      ),
      'fi',
      // One after the other: where one cannot take its place, those after it do not.
      ...files.map(({ path, exists, temporary }) => {
        return `mv -fT${exists ? '' : '$z'} -- ${temporary} ${quote(path)} || exit 1`
      }),
    ].join('\n')
  },
}

/** A command for all files for which it begins alike. */
function inOne<File extends { readonly temporary: string }>(
  files: readonly File[],
  command: (file: File) => string,
): readonly string[] {
  const lines = new Map<string, string>()
  for (const file of files) {
    const begin = command(file)
    lines.set(begin, `${lines.get(begin) ?? begin} ${file.temporary}`)
  }
  return [...lines.values()].map((line) => `${line} || exit 1`)
}

/** Removes what an interrupted run has left of files, and of folders in which they were made. */
export function clearing(paths: readonly string[]): string {
  const files = paths.map((path) => `${temporaryBeside(path)}??????`)
  const folders = new Set(paths.map((path) => `${folderBeside(path)}${'[0-9a-f]'.repeat(12)}`))
  return `for old in ${files.join(' ')}; do [ ! -e "$old" ] || rm -rf -- "$old"; done
for old in ${[...folders].join(' ')}; do [ ! -d "$old" ] || [ -L "$old" ] || [ ! -O "$old" ] || rm -rf -- "$old"; done`
}

/** For a shell: the folder in which new files of a folder are made, but for twelve hexadecimal digits. */
function folderBeside(path: string): string {
  return quote(posix.join(posix.dirname(path), '.hostwright..'))
}
