/** One thing that a host is to have, in words that each contestant says in its own way. */
export type Piece =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: string }
  | {
      readonly kind: 'file'
      readonly path: string
      readonly content: string
      readonly mode: string
    }
  | {
      readonly kind: 'template'
      readonly path: string
      readonly vars: { readonly site: string; readonly listen: number }
      readonly mode: string
    }
  /** A line that takes the place of one with the same key. */
  | { readonly kind: 'line'; readonly path: string; readonly key: string; readonly line: string }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  /** Users and groups exist already. */
  | { readonly kind: 'user' | 'group'; readonly name: string }
  /** A command that is run unless the path exists. */
  | { readonly kind: 'touch'; readonly path: string }

/**
 * What is measured: `w1` is 100 resources, `w1x3` three times as many of the same kinds, `w2` ten
 * small ones.
 */
export type Work = 'w1' | 'w2' | `w1x${number}`

/** Where the work is done on lab hosts; it can be removed to begin anew. */
export const labBase = '/srv/bench'

/**
 * The pieces of a work.
 *
 * @param base the folder on the host below which all is made
 */
export function piecesOf(work: Work, base: string): readonly Piece[] {
  if (work === 'w2') return ten(base)
  const times = Number(work.split('x')[1] ?? 1)
  return each(times, (at) => hundred(times === 1 ? base : `${base}/part${at}`)).flat()
}

/** How many pieces a first run changes. */
export function changesOf(work: Work): number {
  return piecesOf(work, '/').filter(({ kind }) => kind !== 'user' && kind !== 'group').length
}

function hundred(base: string): readonly Piece[] {
  return [
    ...each(20, (at) => ({ kind: 'directory', path: `${base}/d${at}`, mode: '0750' }) as const),
    ...each(20, (at) => textFile(`${base}/d${at}/settings`, `setting ${at}`)),
    ...each(
      10,
      (at) =>
        ({
          kind: 'template',
          path: `${base}/d${at}/site.conf`,
          vars: { site: `site${at}`, listen: 8000 + at },
          mode: '0640',
        }) as const,
    ),
    ...each(20, (at) => lineOf(`${base}/d${at % 4}/lines`, at)),
    ...each(
      10,
      (at) =>
        ({
          kind: 'symlink',
          path: `${base}/d${at}/link`,
          target: `${base}/d${at}/settings`,
        }) as const,
    ),
    ...['root', 'daemon', 'bin', 'sys', 'mail'].map((name) => ({ kind: 'user', name }) as const),
    ...['adm', 'tty', 'disk', 'lp', 'users'].map((name) => ({ kind: 'group', name }) as const),
    ...each(10, (at) => ({ kind: 'touch', path: `${base}/d${at}/done` }) as const),
  ]
}

function ten(base: string): readonly Piece[] {
  return [
    ...each(2, (at) => ({ kind: 'directory', path: `${base}/e${at}`, mode: '0750' }) as const),
    ...each(3, (at) => textFile(`${base}/e0/settings${at}`, `setting ${at}`)),
    ...each(2, (at) => lineOf(`${base}/e1/lines`, at)),
    { kind: 'symlink', path: `${base}/e1/link`, target: `${base}/e0/settings0` },
    { kind: 'group', name: 'adm' },
    { kind: 'touch', path: `${base}/e1/done` },
  ]
}

/** Some 400 bytes. */
function textFile(path: string, about: string): Piece {
  const content = each(20, (at) => `${about} number ${at}\n`).join('')
  return { kind: 'file', path, content, mode: '0640' }
}

function lineOf(path: string, at: number): Piece {
  return { kind: 'line', path, key: `key${at}`, line: `key${at} = ${at}` }
}

function each<T>(count: number, make: (at: number) => T): T[] {
  return Array.from({ length: count }, (_, at) => make(at))
}
