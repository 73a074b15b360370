import { existsSync } from 'node:fs'
import { dirname, isAbsolute, resolve } from 'node:path'
import { callerPlace } from '../core/place.js'
import { refuse } from './parameters.js'

/**
 * Finds a file of the controller that a playbook or role names: in a folder of that name beside the
 * calling file, else beside it.
 */
export function locate(name: string, folder: 'files' | 'templates'): string {
  const here = dirname(callerPlace()?.file ?? resolve('playbook'))
  const places = isAbsolute(name) ? [name] : [resolve(here, folder, name), resolve(here, name)]
  return (
    places.find((place) => existsSync(place)) ??
    refuse(
      `Cannot find "${name}": there is no such file`,
      `It was looked for at ${places.join(' and ')}`,
    )
  )
}
