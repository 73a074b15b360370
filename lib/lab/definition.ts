import { isAbsolute } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import type { Vars } from '../inventory/types.js'
import { addressAt, parseSubnet, size, type Subnet } from './subnet.js'
import { isTarballPlace } from './tarball.js'
import type { LabImage, LabOptions } from './types.js'

/** A host as its lab's definition says. */
export interface HostDefinition {
  readonly name: string
  readonly address: string
  readonly vars: Vars
  readonly image: LabImage
}

/** A lab's options, checked, with what follows from them. */
export interface LabDefinition {
  readonly name: string
  readonly subnet: string
  readonly range: Subnet
  readonly bridge: string
  /** The bridge's address. */
  readonly gateway: string
  readonly packages: readonly string[]
  readonly hosts: readonly HostDefinition[]
}

const firstHost = 11

/** @throws HostwrightError INVENTORY_INVALID */
export function checkDefinition(options: LabOptions): LabDefinition {
  const { name, subnet } = options
  // Of a network link's 15 characters the bridge needs three itself.
  if (!/^[a-z][a-z0-9]{0,11}$/.test(name))
    throw invalid(`Cannot define lab "${name}": a name is 1 to 12 lower-case letters and digits`)
  const range = parseSubnet(subnet)
  if (range === undefined || range.prefix < 16 || range.prefix > 28)
    throw invalid(
      `Cannot define lab "${name}": subnet "${subnet}" is not an IPv4 subnet of /16 to /28`,
    )
  const names = Object.keys(options.hosts)
  const room = size(range) - 1 - firstHost
  if (names.length > room)
    throw invalid(`Cannot define lab "${name}": subnet "${subnet}" has room for ${room} hosts only`)
  for (const host of names)
    if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(host))
      throw invalid(
        `Cannot define lab host "${host}": a name is 1 to 40 lower-case letters, digits and hyphens`,
      )
  for (const [host, { image = options.image ?? 'debian12' }] of Object.entries(options.hosts))
    if (image !== 'debian12' && image !== 'el9' && !isTarballPlace(image))
      throw invalid(
        `Cannot define lab host "${host}": there is no image "${image}"`,
        'Use debian12, el9, or the absolute path or URL of a root file system packed by tar',
      )
  for (const path of options.packages ?? [])
    if (!isAbsolute(path) || !/\.(deb|rpm|mjs)$/.test(path))
      throw invalid(
        `Cannot define lab "${name}": package "${path}" is not an absolute path of a .deb, .rpm or .mjs file`,
      )
  return {
    name,
    subnet,
    range,
    bridge: `hw-${name}`,
    gateway: addressAt(range, 1),
    packages: options.packages ?? [],
    hosts: names.map((host, index) => ({
      name: host,
      address: addressAt(range, firstHost + index),
      vars: options.hosts[host]?.vars ?? {},
      image: options.hosts[host]?.image ?? options.image ?? 'debian12',
    })),
  }
}

/** @throws HostwrightError USAGE_INVALID for a host that the lab does not have */
export function findHost(lab: LabDefinition, name: string): HostDefinition {
  const host = lab.hosts.find((one) => one.name === name)
  if (host !== undefined) return host
  throw new HostwrightError(
    'USAGE_INVALID',
    `Cannot find host "${name}": lab "${lab.name}" does not have it`,
    {
      hint: `Its hosts are ${lab.hosts.map((one) => one.name).join(', ')}`,
    },
  )
}

function invalid(message: string, hint?: string): HostwrightError {
  return new HostwrightError('INVENTORY_INVALID', message, hint === undefined ? {} : { hint })
}
