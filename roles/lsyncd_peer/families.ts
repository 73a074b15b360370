import { HostwrightError } from '../../lib/index.js'

/** What differs between the families of distributions. */
export interface Family {
  readonly packages: readonly string[]
  readonly configuration: string
  /** Whether the package brings a unit of systemd. */
  readonly hasUnit: boolean
  /** Restricts a peer's key. */
  readonly rrsync: string
  readonly timeUnit: string
  /** Of the folder of logs: that of the package, where the package brings it. */
  readonly logMode: string
}

const families: Readonly<Record<string, Family>> = {
  debian: {
    // rrsync is written in Python, which rsync itself does not need.
    packages: ['lsyncd', 'rsync', 'python3', 'openssh-client', 'logrotate'],
    configuration: '/etc/lsyncd/lsyncd.conf.lua',
    hasUnit: false,
    rrsync: '/usr/bin/rrsync',
    timeUnit: 'chrony',
    logMode: '0750',
  },
  redhat: {
    packages: ['lsyncd', 'rsync', 'rsync-rrsync', 'openssh-clients', 'logrotate'],
    configuration: '/etc/lsyncd.conf',
    hasUnit: true,
    rrsync: '/usr/bin/rrsync',
    timeUnit: 'chronyd',
    logMode: '0755',
  },
}

/** @throws HostwrightError UNSUPPORTED for a family that the role does not know */
export function familyOf(name: string): Family {
  const family = families[name]
  if (family) return family
  throw new HostwrightError(
    'UNSUPPORTED',
    `Cannot set up lsyncd on family "${name}": its packages and paths are not known`,
    { hint: `known are ${Object.keys(families).join(' and ')}` },
  )
}
