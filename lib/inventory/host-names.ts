import { HostwrightError } from '../core/errors.js'
import type { Place } from '../core/place.js'
import { parseAddress } from './address.js'
import { expandRange } from './range.js'

export interface HostNames {
  readonly names: readonly string[]
  readonly port: number | undefined
}

/**
 * The hosts that one entry of an inventory stands for, `web[1:3]:2222`.
 * @throws HostwrightError INVENTORY_INVALID
 */
export function hostNames(entry: string, place: Place): HostNames {
  const invalid = (reason: string) =>
    new HostwrightError('INVENTORY_INVALID', `Cannot read host "${entry}": ${reason}`, { place })
  const { host, port } = parseAddress(entry) ?? { host: entry, port: undefined }
  if (host.trim() === '') throw invalid('the name is empty')
  if (host === '---') throw invalid('the line starts a YAML document, and the file is read as INI')
  if (host.endsWith(':') && port === undefined && !host.endsWith('::'))
    throw invalid('a port is missing after the colon')
  try {
    return { names: expandRange(host), port }
  } catch (error) {
    throw error instanceof RangeError ? invalid(error.message) : error
  }
}
