import type { Rpm, Repository } from './types.js'

/** EL9's names of what Debian has under another name, or the same. */
const names: Readonly<Record<Extract<Repository, 'baseos' | 'appstream' | 'epel'>, object>> = {
  baseos: {
    'python3-dateutil': 'python3-dateutil',
    'python3-setuptools': 'python3-pkg-resources python3-setuptools',
    'python3-pysocks': 'python3-socks',
    'python3-pyyaml': 'python3-yaml',
    'python3-idna': 'python3-idna',
    'python3-requests': 'python3-requests',
    'python3-cryptography': 'python3-cryptography',
    'python3-dns': 'python3-dnspython',
  },
  appstream: {
    'python3-pytz': 'python3-tz',
    'python3-pyasn1': 'python3-pyasn1',
    'python3-pyasn1-modules': 'python3-pyasn1-modules',
    'python3-jwcrypto': 'python3-jwcrypto',
  },
  epel: {
    'python3-pyOpenSSL': 'python3-openssl',
    'python3-configargparse': 'python3-configargparse',
    'python3-josepy': 'python3-josepy',
    'python3-acme': 'python3-acme',
    'python3-xmltodict': 'python3-xmltodict',
    'python3-mysqlclient': 'python3-mysqldb',
  },
}

const django: Rpm = {
  name: 'python3-django3',
  repository: 'epel',
  debs: ['python3-django'],
  provides: ['python3-django'],
  conflicts: ['python3-django4.2'],
}

export const python: readonly Rpm[] = [
  ...Object.entries(names).flatMap(([repository, table]) =>
    Object.entries(table as Readonly<Record<string, string>>).map(([name, debs]): Rpm => ({
      name,
      repository: repository as Repository,
      debs: debs.split(' '),
    })),
  ),
  django,
  // Debian 12 has one Django, 3.2: its version says so.
  { ...django, name: 'python3-django4.2', conflicts: ['python3-django3'] },
  {
    name: 'python3-requests-pkcs12',
    repository: 'epel',
    summary: 'Empty: Debian has no such module',
    version: '0',
  },
]
