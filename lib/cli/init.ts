import { existsSync, statSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { readArguments } from './arguments.js'
import { version } from './version.js'

const help = `Usage: hostwright init [FOLDER]

  Begins a repository of playbooks: an inventory of lab hosts, a playbook, a role with its test, and
  what an editor and a CI need. Nothing that is there is overwritten.

  FOLDER       where (default: the working directory)
  -h, --help   print this help
`

/**
 * Runs `hostwright init`.
 *
 * @param argv what comes after the word init
 * @returns the exit code
 * @throws HostwrightError USAGE_INVALID where a file is there already, or stands where a folder is to be:
 *   none is written then
 */
export async function runInit(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, { help: { type: 'boolean', short: 'h' } })
  if (values.help === true) {
    process.stdout.write(help)
    return 0
  }
  const [wanted = '.', extra] = positionals
  if (extra !== undefined)
    throw new HostwrightError(
      'USAGE_INVALID',
      `Cannot use argument "${extra}": one folder is taken`,
    )
  const folder = resolve(wanted)
  const files = await templateFiles(basename(folder))
  for (const name of files.keys()) {
    refuseNoFolder(dirname(join(folder, name)))
    refuseExisting(folder, name)
  }
  for (const [name, content] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    // What has come in between is not overwritten either.
    await writeFile(join(folder, name), content, { flag: 'wx' })
  }
  const near = relative(process.cwd(), folder)
  process.stdout.write(
    `${[...files.keys()].map((name) => `  ${join(near, name)}\n`).join('')}
Next:
${near === '' ? '' : `  cd ${near}\n`}  npm install
  npm test
`,
  )
  return 0
}

/** Of the folders that lead to a file, one may be a file itself. */
function refuseNoFolder(folder: string): void {
  let near = folder
  while (!existsSync(near)) near = dirname(near)
  if (statSync(near).isDirectory()) return
  throw new HostwrightError('USAGE_INVALID', `Cannot write in "${near}": it is no folder`, {
    hint: 'Nothing was written; use another folder',
  })
}

function refuseExisting(folder: string, name: string): void {
  if (!existsSync(join(folder, name))) return
  throw new HostwrightError(
    'USAGE_INVALID',
    `Cannot write "${join(folder, name)}": it is there already`,
    { hint: 'Nothing was written; use another folder' },
  )
}

/** The files of the package's template by name, with the names of the repository put in. */
async function templateFiles(folderName: string): Promise<ReadonlyMap<string, string>> {
  const own = dirname(createRequire(import.meta.url).resolve('hostwright/package.json'))
  const template = join(own, 'lib/cli/template')
  const found = await readdir(template, { recursive: true })
  const names = found.filter((name) => statSync(join(template, name)).isFile()).toSorted()
  const files = new Map<string, string>()
  for (const name of names) {
    const text = await readFile(join(template, name), 'utf8')
    const filled = text
      .replaceAll('__NAME__', packageName(folderName))
      .replaceAll('__LAB__', labName(folderName))
      .replaceAll('__VERSION__', version())
    // npm leaves files of these dotted names out of packages.
    files.set(['gitignore', 'npmrc'].includes(name) ? `.${name}` : name, filled)
  }
  return files
}

function packageName(folderName: string): string {
  const name = folderName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return name === '' ? 'hosts' : name
}

/** A lab's name is short. */
function labName(folderName: string): string {
  const name = folderName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '')
    .replace(/^[0-9]+/, '')
  return name === '' ? 'lab' : name.slice(0, 12)
}
