import { pathToFileURL } from 'node:url'
import { HostwrightError } from './errors.js'

let reading: Promise<unknown> | undefined

/**
 * Imports a playbook, an inventory or a role of the user by its absolute path. TypeScript is read by
 * tsx, where the program was started without it.
 *
 * @throws HostwrightError USAGE_INVALID where Node takes the file for CommonJS, which cannot await
 */
export async function importModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  if (/\.[cm]?ts$/.test(file) && !readsTypeScript()) await (reading ??= readTypeScript())
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  } catch (error) {
    if (!isOfCommonJs(error)) throw error
    throw new HostwrightError('USAGE_INVALID', `Cannot load "${file}": it is taken for CommonJS`, {
      place: { file },
      hint: 'put "type": "module" into the package.json of its folder, or let its name end with .mts',
      cause: error,
    })
  }
}

/** What Node and tsx say of a file that is none, in a package whose files are. */
function isOfCommonJs(error: unknown): boolean {
  return error instanceof Error && /"cjs" output format|require\(\) ES Module/.test(error.message)
}

function readsTypeScript(): boolean {
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ')
  return import.meta.url.endsWith('.ts') || /\btsx\b/.test(flags)
}

async function readTypeScript(): Promise<void> {
  const { register } = await import('tsx/esm/api')
  register()
}
