import { existsSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { callerFolder } from '../core/place.js'
import { refuse } from './parameters.js'

/**
 * Finds a file of the controller that a playbook or role names: in a folder of that name beside the
 * calling file, else beside it.
 */
export function locate(name: string, folder: 'files' | 'templates'): string {
  const here = callerFolder() ?? process.cwd()
  const places = isAbsolute(name) ? [name] : [resolve(here, folder, name), resolve(here, name)]
  return (
    places.find((place) => existsSync(place)) ??
    refuse(
      `Cannot find "${name}": there is no such file`,
      `It was looked for at ${places.join(' and ')}`,
    )
  )
}
