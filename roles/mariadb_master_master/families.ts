import { HostwrightError } from '../../lib/index.js'

/** What differs between the families of distributions. */
export interface Family {
  readonly packages: readonly string[]
  readonly unit: string
  /** Read after the distribution's own files, so that it wins. */
  readonly optionFile: string
  /** For the binary and relay logs. */
  readonly logFolder: string
  /** Where the server's program is looked for besides PATH. */
  readonly programFolder: string
}

const families: Readonly<Record<string, Family>> = {
  debian: {
    packages: ['mariadb-server'],
    unit: 'mariadb',
    optionFile: '/etc/mysql/mariadb.conf.d/99-master-master.cnf',
    logFolder: '/var/log/mysql',
    programFolder: '/usr/sbin',
  },
  redhat: {
    packages: ['mariadb-server'],
    unit: 'mariadb',
    optionFile: '/etc/my.cnf.d/zz-master-master.cnf',
    logFolder: '/var/log/mariadb',
    programFolder: '/usr/libexec',
  },
}

/** @throws HostwrightError UNSUPPORTED for a family that the role does not know */
export function familyOf(name: string): Family {
  const family = families[name]
  if (family) return family
  throw new HostwrightError(
    'UNSUPPORTED',
    `Cannot set up MariaDB on family "${name}": its packages and paths are not known`,
    { hint: `known are ${Object.keys(families).join(' and ')}` },
  )
}
