import { randomBytes } from 'node:crypto'
import { basename } from 'node:path/posix'
import {
  HostwrightError,
  mariadbDatabase,
  mariadbUser,
  role,
  secret,
  service,
  type Host,
  type Secret,
} from '../../lib/index.js'
import { djangoDatabase } from './djangoDatabase.js'
import { acmeKept, acmeMigrations, acmeSecretKey, type Kept, type Migrations } from './facts.js'
import { familyOf, type Family } from './families.js'
import { healthy } from './healthy.js'
import { install } from './install.js'
import { migrationFiles } from './kept.js'
import { nginxSites } from './nginx.js'
import { addressOf, namesOf, nodesOf, type Nodes } from './nodes.js'
import { packageSource } from './packageSource.js'
import { params, type Params } from './params.js'
import { migrationFile, program } from './program.js'

export { acmeMigrations } from './facts.js'
export { acmeTestCa } from './testCa.js'

/**
 * An ACME server (acme2certifier with Django) on every node, all with the same database, settings
 * and configuration. It takes a MariaDB on each node, and its folder `volume` mirrored between them.
 * See README.md.
 *
 * @throws HostwrightError PARAMETER_INVALID; UNSUPPORTED for a family that it does not know; on the host
 *   VALIDATION_FAILED for a package or an nginx configuration that is not right, TASK_FAILED where the
 *   server does not come up whole
 */
export const acme2certifierDjango = role({
  name: 'acme2certifier_django',
  params,
  families: ['debian', 'redhat'],
  publishes: [acmeKept, acmeSecretKey, acmeMigrations],
  needs: [acmeKept, acmeSecretKey, acmeMigrations],
  checkParams: (host, wish) => void nodesOf(host, wish),
  async run(host, wish) {
    const nodes = nodesOf(host, wish)
    const names = namesOf(host, nodes.names)
    const { family: familyName } = await host.facts()
    const family = familyOf(familyName)
    const own = await install(host, wish, family)
    const makes = host.name === nodes.first
    const others = makes ? await keptByOthers(host, nodes, family) : []
    const { home: sharedHome } = makes ? own : await host.peer(nodes.first).fact(acmeKept)
    const secretKey = await agreeOnKey(host, wish, nodes, [own, ...others])
    const settled = [
      ...program(wish, { ...family, sharedHome }, names, secretKey),
      ...nginxSites(wish, family, host.name, [...names, ...wish.allowedHosts]),
    ]
    const files = (migrations: Migrations) =>
      Object.entries(migrations).map(([name, text]) => migrationFile(family, name, text))
    const tables = djangoDatabase({ home: family.home, user: family.user, make: makes })
    if (makes) {
      await host.ensure([
        ...settled,
        ...files(missing(own.migrations, others)),
        ...databaseOf(wish),
      ])
      const [, made] = await host.ensure([tables, migrationFiles({ home: family.home })])
      await host.publish(acmeMigrations, made.output)
    } else {
      await host.ensure(settled)
      await host.ensure([...files(await host.peer(nodes.first).fact(acmeMigrations)), tables])
    }
    // A restart that is due is the start, so that there are not two.
    await host.flushHandlers()
    await host.ensure([
      service({ name: 'acme2certifier', enabled: true, state: 'started' }),
      service({ name: 'nginx', enabled: true, state: 'started' }),
      healthy({ name: addressOf(host) }),
    ])
    const { path } = packageSource(wish, family)
    if (path.includes('standin'))
      host.note(`${basename(path)} is a stand-in for acme2certifier: for labs only`)
  },
})

/** @throws HostwrightError PARAMETER_INVALID where files would come to belong to nobody on others */
async function keptByOthers(
  host: Host,
  { names }: Nodes,
  { home, user }: Family,
): Promise<readonly Kept[]> {
  const others = names.filter((name) => name !== host.name)
  return await Promise.all(
    others.map(async (name) => {
      const kept = await host.peer(name).fact(acmeKept)
      const { lsyncd_peer: mirror } = host.vars
      if (kept.home !== home && isMapping(mirror) && !('owner' in mirror))
        throw new HostwrightError(
          'PARAMETER_INVALID',
          `Cannot share the volume with "${name}", which is of another family: lsyncd_peer.owner is missing`,
          { hint: `give it for each node: "${user}" for "${host.name}"` },
        )
      return kept
    }),
  )
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** The key that is given, else one that a node has, else a new one: the same on all nodes. */
async function agreeOnKey(
  host: Host,
  wish: Params,
  { first }: Nodes,
  kept: readonly Kept[],
): Promise<Secret> {
  if (wish.secretKey !== undefined) return wish.secretKey
  if (host.name !== first) return await host.peer(first).fact(acmeSecretKey)
  const known = kept.find(({ secretKey }) => secretKey !== null)?.secretKey
  const key = known ?? secret(randomBytes(48).toString('base64url'))
  await host.publish(acmeSecretKey, key)
  return key
}

/** Without the files that its tables were made by, a node would leave out what has changed since. */
function missing(own: Migrations, others: readonly Kept[]): Migrations {
  const all = Object.assign({}, ...others.map(({ migrations }) => migrations)) as Migrations
  return Object.fromEntries(Object.entries(all).filter(([name]) => !(name in own)))
}

function databaseOf({ database: { name, user, password, host } }: Params) {
  return [
    mariadbDatabase({ name, characterSet: 'utf8mb4' }),
    mariadbUser({
      name: user,
      host: host === 'localhost' ? 'localhost' : '%',
      password,
      privileges: { [`${name}.*`]: ['ALL'] },
    }),
  ]
}
