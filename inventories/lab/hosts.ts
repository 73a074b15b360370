import { fileURLToPath } from 'node:url'
import { defineLab, type LabOptions } from '../../lib/lab/index.js'

const standIn = '../../test/fixtures/acme2certifier-standin/build.mjs'

/** What differs by image: the package's format, and with it its places. */
const packages = {
  debian12: {
    file: 'acme2certifier-standin_0.43.1+standin-1_all.deb',
    folder: '/var/www/acme2certifier/volume',
    owner: 'www-data',
  },
  el9: {
    file: 'acme2certifier-standin-0.43.1+standin-1.0.noarch.rpm',
    folder: '/opt/acme2certifier/volume',
    owner: 'nginx',
  },
} as const

type Image = keyof typeof packages

/** A two-node acme2certifier cluster, and what its roles have to know. */
export function clusterOf(
  image: Image,
  second: Image = image,
): Omit<LabOptions, 'name' | 'subnet'> {
  const hosts = { 'alma9-c1': { image }, 'alma9-c2': { image: second } }
  return {
    image,
    hosts,
    packages: [fileURLToPath(new URL(standIn, import.meta.url))],
    groups: ({ secret, package: served }) => ({
      cluster: {
        hosts: Object.keys(hosts),
        vars: {
          cluster_hosts: { domain: 'bar.local' },
          mariadb_master_master: { replicationPassword: secret('replication') },
          // Any port that is free will do for what nothing validates.
          verify: { domain: 'bar.local', port: 0 },
        },
      },
      ...Object.fromEntries(
        [image, second].map((of) => {
          const { file, folder, owner } = packages[of]
          const members = Object.entries(hosts).filter(([, { image: its }]) => its === of)
          const { url, sha256 } = served(file)
          const vars = {
            lsyncd_peer: { folder, owner },
            acme2certifier_django: {
              // The lab has no way to the project's release: `-e acme2certifier_package=…` takes another.
              package: url,
              packageSha256: sha256,
              database: { password: secret('database') },
              caHandler: { handler: 'openssl', issuingCaKeyPassphrase: secret('ca') },
              // No name of the lab is in any DNS.
              configuration: { Challenge: { challenge_validation_disable: true } },
            },
            acme_test_ca: { folder, owner, passphrase: secret('ca') },
          }
          return [of, { hosts: members.map(([name]) => name), vars }]
        }),
      ),
    }),
  }
}

export default defineLab({ name: 'lab', subnet: '198.51.100.0/24', ...clusterOf('el9') })
