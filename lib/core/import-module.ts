import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type * as Tsx from 'tsx/esm/api'
import { HostwrightError } from './errors.js'
import { importUrl } from './import-url.js'

let reading: Promise<unknown> | undefined

/**
 * Imports a playbook, an inventory or a role of the user by its absolute path. TypeScript is read by
 * tsx, where the program was started without it.
 *
 * @throws HostwrightError USAGE_INVALID where a package that it imports is not installed, or Node takes
 *   the file for CommonJS, which cannot await
 */
export async function importModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  if (/\.[cm]?ts$/.test(file) && !readsTypeScript()) await (reading ??= readTypeScript())
  try {
    return (await importUrl(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  } catch (error) {
    throw notInstalled(error) ?? ofCommonJs(error, file) ?? error
  }
}

/** `npm install` has not been run yet, or the package is listed nowhere. */
function notInstalled(error: unknown): HostwrightError | undefined {
  const [, name, from = ''] =
    /^Cannot find package '([^']+)' imported from (.+)$/m.exec(messageOf(error)) ?? []
  if (name === undefined) return undefined
  const file = from.startsWith('file:') ? fileURLToPath(from) : from
  return new HostwrightError(
    'USAGE_INVALID',
    `Cannot load "${file}": package "${name}" is not installed`,
    {
      place: { file },
      hint: `run npm install in ${packageFolder(file)}; npm install ${name} where its package.json does not list it`,
      cause: error,
    },
  )
}

function packageFolder(file: string): string {
  const begin = dirname(file)
  for (let folder = begin; folder !== dirname(folder); folder = dirname(folder))
    if (existsSync(join(folder, 'package.json'))) return folder
  return begin
}

/** What Node and tsx say of a file that is none, in a package whose files are. */
function ofCommonJs(error: unknown, file: string): HostwrightError | undefined {
  if (!/"cjs" output format|require\(\) ES Module/.test(messageOf(error))) return undefined
  return new HostwrightError('USAGE_INVALID', `Cannot load "${file}": it is taken for CommonJS`, {
    place: { file },
    hint: 'put "type": "module" into the package.json of its folder, or let its name end with .mts',
    cause: error,
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : ''
}

function readsTypeScript(): boolean {
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ')
  return import.meta.url.endsWith('.ts') || /\btsx\b/.test(flags)
}

async function readTypeScript(): Promise<void> {
  const { register } = (await importUrl('tsx/esm/api')) as typeof Tsx
  register()
}
