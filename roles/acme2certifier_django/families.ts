import { HostwrightError } from '../../lib/index.js'

/** What differs between the families of distributions, and between the two packages. */
export interface Family {
  readonly home: string
  /** Who runs the program and nginx. */
  readonly user: string
  readonly socket: string
  /** The format of the package file. */
  readonly format: 'deb' | 'rpm'
  /** The project's release. */
  readonly release: string
  readonly packages: readonly string[]
  /** Whether the package brings the unit of systemd. */
  readonly hasUnit: boolean
  readonly uwsgi: string
  /** A site of the distribution that wants the same port; null where there is none. */
  readonly defaultSite: string | null
}

const releases = 'https://github.com/grindsa/acme2certifier/releases/download/0.43.1'

const families: Readonly<Record<string, Family>> = {
  debian: {
    home: '/var/www/acme2certifier',
    user: 'www-data',
    socket: '/var/www/acme2certifier/acme.sock',
    format: 'deb',
    release: `${releases}/acme2certifier_0.43.1-1_all.deb`,
    packages: [
      'nginx-light',
      'uwsgi-core',
      'uwsgi-plugin-python3',
      'python3-django',
      'python3-mysqldb',
      'python3-yaml',
      'openssl',
    ],
    hasUnit: false,
    uwsgi: '/usr/bin/uwsgi',
    defaultSite: '/etc/nginx/sites-enabled/default',
  },
  redhat: {
    home: '/opt/acme2certifier',
    user: 'nginx',
    socket: '/run/uwsgi/acme.sock',
    format: 'rpm',
    release: `${releases}/acme2certifier-0.43.1-1.0.noarch.rpm`,
    packages: [
      'nginx',
      'uwsgi-plugin-python3',
      'python3-django4.2',
      'python3-mysqlclient',
      'python3-pyyaml',
      'openssl',
    ],
    hasUnit: true,
    uwsgi: '/usr/sbin/uwsgi',
    defaultSite: null,
  },
}

/** @throws HostwrightError UNSUPPORTED for a family that the role does not know */
export function familyOf(name: string): Family {
  const family = families[name]
  if (family) return family
  throw new HostwrightError(
    'UNSUPPORTED',
    `Cannot set up acme2certifier on family "${name}": its packages and paths are not known`,
    { hint: `known are ${Object.keys(families).join(' and ')}` },
  )
}
