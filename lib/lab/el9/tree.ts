import {
  copyFile,
  constants,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from '../run.js'
import type { Rpm, RpmFile } from './types.js'

/** What of Debian has no use on EL9. */
const useless =
  /^\/(etc\/(init\.d|apparmor\.d|ufw|logcheck)|usr\/share\/(man|locale|lintian|bug|doc-base|menu|debhelper|help|applications|icons))(\/|$)|^\/usr\/share\/doc\/.*\/(?!copyright$)[^/]+$/

/** Debian's places, after its folders of programs have been merged into /usr. */
const merged = /^\/(bin|sbin|lib|lib32|lib64|libx32)(?=\/|$)/

/**
 * Lays out the files of Debian packages as a package of EL9 has them.
 *
 * @returns entries for the list of the package's files, as rpmbuild reads it
 */
export async function layOutTree(
  rpm: Rpm,
  extracted: readonly string[],
  tree: string,
  root: string,
): Promise<readonly string[]> {
  await mkdir(tree, { recursive: true })
  for (const folder of extracted)
    for (const path of await run('find', [folder, '-mindepth', '1', '-printf', '/%P\\n']).then(
      lines,
    )) {
      const target = placeOf(rpm, path)
      if (target !== '') await copy(join(folder, path), join(tree, target), target === path)
    }
  for (const [path, from, to] of rpm.edit ?? []) {
    const text = await readFile(join(tree, path), 'utf8')
    await writeFile(join(tree, path), text.replaceAll(from, to))
  }
  const placeholders = (rpm.ghosts ?? []).map((path) => [path, { content: '' }] as const)
  const files: readonly (readonly [string, RpmFile])[] = [
    ...placeholders,
    ...Object.entries(rpm.files ?? {}),
  ]
  for (const [path, { content, mode = 0o644 }] of files) {
    await mkdir(dirname(join(tree, path)), { recursive: true })
    await writeFile(join(tree, path), content, { mode })
  }
  for (const [path, target] of Object.entries(rpm.links ?? {})) {
    await mkdir(dirname(join(tree, path)), { recursive: true })
    await symlink(target, join(tree, path))
  }
  for (const path of Object.keys(rpm.folders ?? {}))
    await mkdir(join(tree, path), { recursive: true })
  const entries = await Promise.all(
    (await walk(tree)).map(async (path) => await entry(rpm, tree, path, root)),
  )
  return entries.filter((one) => one !== undefined)
}

function placeOf({ move = [] }: Rpm, path: string): string {
  const here = path.replace(merged, '/usr/$1')
  if (useless.test(here)) return ''
  const [from, to] = move.find(([one]) => one.test(here)) ?? []
  return from === undefined || to === undefined ? here : here.replace(from, to)
}

async function copy(from: string, to: string, stays: boolean): Promise<void> {
  const info = await lstat(from)
  if (info.isDirectory()) {
    // An empty one may be of use; one whose files go elsewhere is not.
    if (stays) await mkdir(to, { recursive: true, mode: info.mode & 0o7777 })
    return
  }
  await mkdir(dirname(to), { recursive: true })
  if (info.isSymbolicLink()) await symlink(await readlink(from), to)
  else await copyFile(from, to, constants.COPYFILE_FICLONE)
}

async function walk(tree: string, path = ''): Promise<string[]> {
  const found = await readdir(join(tree, path), { withFileTypes: true })
  const below = found.map(async (one) => {
    const place = `${path}/${one.name}`
    return one.isDirectory() ? [place, ...(await walk(tree, place))] : [place]
  })
  return (await Promise.all(below)).flat()
}

/** Folders that the image has belong to no package. */
async function entry(
  rpm: Rpm,
  tree: string,
  path: string,
  root: string,
): Promise<string | undefined> {
  const info = await lstat(join(tree, path))
  if (!info.isDirectory()) {
    if (rpm.ghosts?.includes(path) === true) return `%ghost "${path}"`
    const config = path.startsWith('/etc/') && info.isFile() ? '%config(noreplace) ' : ''
    return `${config}"${path}"`
  }
  const { mode = '0755', owner = 'root' } = rpm.folders?.[path] ?? {}
  if (rpm.folders?.[path] === undefined && existsSync(join(root, path))) return undefined
  return `%dir %attr(${mode}, ${owner}, ${owner}) "${path}"`
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}
