import { pathToFileURL } from 'node:url'

let reading: Promise<unknown> | undefined

/**
 * Imports a playbook, an inventory or a role of the user by its absolute path. TypeScript is read by
 * tsx, where the program was started without it.
 */
export async function importModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  if (/\.[cm]?ts$/.test(file) && !readsTypeScript()) await (reading ??= readTypeScript())
  return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
}

function readsTypeScript(): boolean {
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ')
  return import.meta.url.endsWith('.ts') || /\btsx\b/.test(flags)
}

async function readTypeScript(): Promise<void> {
  const { register } = await import('tsx/esm/api')
  register()
}
