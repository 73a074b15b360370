import { defineLab, type LabOptions } from '../../lib/lab/index.js'

const standIn = '../../test/fixtures/acme2certifier-standin/build.mjs'

/** What differs by image: the package's format, and with it its places. */
const packages = {
  debian12: {
    file: 'acme2certifier-standin_0.43.1+standin-1_all.deb',
    volume: '/var/www/acme2certifier/volume',
    owner: 'www-data',
  },
  el9: {
    file: 'acme2certifier-standin-0.43.1+standin-1.0.noarch.rpm',
    volume: '/opt/acme2certifier/volume',
    owner: 'nginx',
  },
} as const

/** The tutorial's two hosts and what its roles have to know. */
export function clusterOf(image: keyof typeof packages): Omit<LabOptions, 'name' | 'subnet'> {
  const { file, volume, owner } = packages[image]
  return {
    image,
    hosts: { 'alma9-c1': {}, 'alma9-c2': {} },
    packages: [new URL(standIn, import.meta.url).pathname],
    groups: ({ secret, repositoryUrl }) => ({
      cluster: {
        hosts: ['alma9-c1', 'alma9-c2'],
        vars: {
          cluster_hosts: { domain: 'bar.local' },
          mariadb_master_master: { replicationPassword: secret('replication') },
          lsyncd_peer: { folder: volume },
          acme2certifier_django: {
            // The lab has no way to the project's release: `-e acme2certifier_package=…` takes another.
            package: `${repositoryUrl}/${file}`,
            database: { password: secret('database') },
            caHandler: { handler: 'openssl', issuingCaKeyPassphrase: secret('ca') },
            // No name of the lab is in any DNS.
            configuration: { Challenge: { challenge_validation_disable: true } },
          },
          // Any port that is free will do for what nothing validates.
          verify: { domain: 'bar.local', port: 0 },
          acme_test_ca: { folder: volume, owner, passphrase: secret('ca') },
        },
      },
    }),
  }
}

export const cluster = clusterOf('debian12')

export default defineLab({ name: 'lab', subnet: '198.51.100.0/24', ...cluster })
