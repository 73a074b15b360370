import { quote } from '../../core/quote.js'
import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { linesOf, withSelinux } from './selinux.js'

export interface SefcontextKey {
  /** The expression of the paths, as in `/srv/www(/.*)?`. */
  readonly target: string
  /** The kind of files, in semanage's words: `all files`, `directory`. */
  readonly files: string
  /** Under which labels are looked at. */
  readonly restore?: string
}

export interface SefcontextState {
  /** The type that is said on this host, which wins; null where nothing is. */
  readonly local: string | null
  /** The type that the policy says of just this expression. */
  readonly policy: string | null
  /** How many files have another label than they should by what is said now. */
  readonly mislabeled: number
}

const columns =
  /^(.+?)\s+(all files|regular file|directory|character device|block device|socket|symbolic link|named pipe)\s+(?:[^\s:]+:[^\s:]+:([^\s:]+)\S*|<<None>>)\s*$/

/**
 * What labels files get; `lacking` where semanage is not installed.
 *
 * @see semanage-fcontext(8), restorecon(8)
 */
export const sefcontext: (key: SefcontextKey) => Query<SefcontextState | 'lacking'> = probeKind<
  SefcontextKey,
  SefcontextState | 'lacking'
>({
  name: 'sefcontext',
  id: (key) => JSON.stringify([key.target, key.files, key.restore ?? null]),
  script: (keys) => {
    const targets = keys.map(({ target }) => `-e ${quote(target)}`).join(' ')
    // `restorecon -n` changes nothing.
    const looks = keys.map(
      ({ restore }, index) =>
        `echo 'labels ${index}'${restore === undefined ? '' : `; [ ! -e ${quote(restore)} ] || restorecon -R -n -v -- ${quote(restore)}`}`,
    )
    return withSelinux(
      'semanage',
      [
        `semanage fcontext -l -n | grep -F ${targets}`,
        'echo local',
        'semanage fcontext -l -C -n',
        ...looks,
      ].join('\n    '),
    )
  },
  parse(stdout, keys) {
    const lines = linesOf(stdout)
    if (lines === null) return keys.map(() => 'lacking')
    const at = lines.indexOf('local')
    const all = lines.slice(0, at).flatMap(readLine)
    const local = lines.slice(at).flatMap(readLine)
    return keys.map(({ target, files }, index) => {
      const same = (entry: Entry) => entry.target === target && entry.files === files
      const here = local.find(same)?.type ?? null
      const known = all.filter(same).map(({ type }) => type)
      const from = lines.indexOf(`labels ${index}`) + 1
      const next = lines.indexOf(`labels ${index + 1}`)
      const looked = lines.slice(from, next === -1 ? undefined : next)
      return {
        local: here,
        policy: known.find((type) => type !== here) ?? null,
        mislabeled: looked.filter((line) => line.startsWith('Would relabel ')).length,
      }
    })
  },
})

interface Entry {
  readonly target: string
  readonly files: string
  readonly type: string
}

function readLine(line: string): Entry[] {
  const [, target, files, type] = columns.exec(line) ?? []
  if (target === undefined || files === undefined) return []
  return [{ target, files, type: type ?? '<<none>>' }]
}
