import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run.js'

/** A Debian package, as its control file says. */
export interface Deb {
  readonly name: string
  readonly version: string
  readonly architecture: string
  /** Each of them has to be there, by one of its alternatives. */
  readonly depends: readonly (readonly string[])[]
  readonly provides: readonly string[]
  readonly summary: string
  /** Its file's name; for one that is not installed. */
  readonly file?: string
}

/** What a root file system has, by name. */
export async function installedDebs(root: string): Promise<ReadonlyMap<string, Deb>> {
  const text = await readFile(join(root, 'var/lib/dpkg/status'), 'utf8')
  const debs = text.split(/\n\n+/).filter((one) => /^Status: .* installed$/m.test(one))
  return new Map(debs.map((one) => [fieldsOf(one).get('package') ?? '', readDeb(one)]))
}

/** What package files have, by name. */
export async function debsOf(
  folder: string,
  files: readonly string[],
): Promise<ReadonlyMap<string, Deb>> {
  const script = 'cd "$1"; shift; for file; do dpkg-deb -f "$file"; echo; done'
  const text = await run('sh', ['-ec', script, 'debs', folder, ...files])
  const debs = text.split(/\n\n+/).filter((one) => one.trim() !== '')
  return new Map(
    debs.map((one, at) => {
      const deb = readDeb(one)
      return [deb.name, { ...deb, file: files[at] ?? '' }]
    }),
  )
}

function readDeb(paragraph: string): Deb {
  const fields = fieldsOf(paragraph)
  const get = (name: string): string => fields.get(name) ?? ''
  const clauses = `${get('pre-depends')},${get('depends')}`.split(',')
  return {
    name: get('package'),
    version: get('version'),
    architecture: get('architecture'),
    depends: clauses
      .map((clause) => clause.split('|').map(nameIn).filter(Boolean))
      .filter(({ length }) => length > 0),
    provides: get('provides').split(',').map(nameIn).filter(Boolean),
    summary: get('description'),
  }
}

/** `libc6:any (>= 2.36)`: the name alone. */
function nameIn(text: string): string {
  return /^\s*([^\s:(]+)/.exec(text)?.[1] ?? ''
}

/** Fields with lower-case names; of more lines the first. */
function fieldsOf(paragraph: string): ReadonlyMap<string, string> {
  const lines = paragraph.matchAll(/^([A-Za-z-]+):[ \t]*(.*)$/gm)
  return new Map([...lines].map(([, name = '', value = '']) => [name.toLowerCase(), value]))
}
