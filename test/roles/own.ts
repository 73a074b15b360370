// What holds for every role of the package.
import { readdirSync } from 'node:fs'
import t from 'tap'
import { describeParameters } from '../../lib/cli/describe-schema.js'
import type { Host, Role } from '../../lib/index.js'
import { fakeHost } from '../../lib/testing/index.js'

type AnyRole = Role<Record<never, never>, unknown>

/** What a role needs of the inventory before it looks at the host. */
const parameters: Readonly<Record<string, object>> = {
  acme2certifier_django: { database: { password: 'pw' }, caHandler: { handler: 'openssl' } },
  drift_timer: { inventory: 'inventories/lab' },
  mariadb_master_master: { replicationPassword: 'pw' },
}

/** Those in which nothing depends on the family. */
const ofAnyFamily = ['acme_test_ca', 'cluster_hosts']

async function ownRoles(): Promise<ReadonlyMap<string, AnyRole>> {
  const folders = readdirSync(new URL('../../roles', import.meta.url))
  const found = await Promise.all(
    folders.map(async (folder) => {
      const module = (await import(`../../roles/${folder}/index.js`)) as Record<string, unknown>
      const roles = Object.values(module).filter(
        (one): one is AnyRole => typeof one === 'function' && 'definition' in one,
      )
      return roles.map((role) => [role.definition.name, role] as const)
    }),
  )
  return new Map(found.flat())
}

function hostOf(family: string, role: string): Host {
  const vars = { [role]: parameters[role] ?? {} }
  return fakeHost({ system: { family }, vars, peers: { other: {} } })
}

t.test('every own role says which families it supports, and refuses others', async (t) => {
  const roles = await ownRoles()
  t.ok(roles.size >= 7)
  for (const [name, role] of roles) {
    const { families } = role.definition
    t.equal(families === undefined, ofAnyFamily.includes(name), name)
    if (families === undefined) continue
    await t.rejects(
      role(hostOf('alpine', name)),
      {
        code: 'UNSUPPORTED',
        message: `Cannot use role "${name}" on "fake": it does not support family "alpine"`,
      },
      name,
    )
  }
})

t.test('every parameter of every own role is described', async (t) => {
  for (const [role, { definition }] of await ownRoles())
    for (const { name, description } of describeParameters(definition.params?.entries ?? {}))
      t.match(description, /^[^\n]{10,}[^.]$/, `${role}.${name}`)
})
