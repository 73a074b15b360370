// Nothing runs here: the compiler has to refuse each line that follows an @ts-expect-error.
import * as v from 'valibot'
import {
  fact,
  file,
  hostsEntry,
  packages,
  role,
  secret,
  secretParam,
  service,
  type Host,
} from '../../lib/index.js'
import { mariadbMasterMaster } from '../../roles/mariadb_master_master/index.js'

const app = role({
  name: 'app',
  params: v.object({
    port: v.number(),
    title: v.optional(v.string(), 'app'),
    password: secretParam(),
    tls: v.optional(v.object({ cert: v.string(), key: v.string() })),
  }),
  async run(host, { port, title, password }) {
    await host.ensure(file({ path: '/etc/app', content: `${port} ${title}` }))
    // @ts-expect-error a number where a text belongs
    await host.ensure(file({ path: '/etc/app', content: port }))
    // @ts-expect-error a secret in a path, which shows
    await host.ensure(file({ path: password, content: 'x' }))
    await host.ensure(file({ path: '/etc/password', content: password }))
    return { url: `http://localhost:${port}` }
  },
})

const proxy = role({
  name: 'proxy',
  params: v.object({ upstream: v.string(), port: v.number() }),
  fromPlaybook: ['upstream'],
  async run(host, { upstream, port }) {
    await host.ensure(file({ path: '/etc/proxy', content: `${port} ${upstream}` }))
  },
})

export const wrong = role({
  name: 'wrong',
  params: v.object({ upstream: v.string() }),
  // @ts-expect-error it has no parameter of this name
  fromPlaybook: ['upstraem'],
  run: async () => await Promise.resolve(),
})

const answer = fact<number>('answer')
const hidden = secret('correct horse')

export async function misuse(host: Host): Promise<void> {
  await app(host, { port: 80, password: hidden })

  // An unknown parameter
  // @ts-expect-error of a role
  await app(host, { prot: 80 })
  // @ts-expect-error of a role of the library
  await mariadbMasterMaster(host, { replicationPasword: hidden })
  // @ts-expect-error of a resource
  await host.ensure(service({ name: 'sshd', stat: 'started' }))

  // A wrong type
  // @ts-expect-error of a role
  await app(host, { port: '80' })
  // @ts-expect-error of a resource
  await host.ensure(packages({ names: 'rsync' }))
  // @ts-expect-error a word that is none of the allowed
  await mariadbMasterMaster(host, { mode: 'gitd' })

  // A missing parameter. Those of a role may come from the inventory, but what it says that the playbook passes.
  await proxy(host, { upstream: 'http://localhost' })
  // @ts-expect-error of a role
  await proxy(host, { port: 80 })
  // @ts-expect-error of a role that is called without any
  await proxy(host)
  // @ts-expect-error inside a parameter of a role
  await app(host, { tls: { cert: '/etc/cert' } })
  // @ts-expect-error of a resource
  await host.ensure(hostsEntry({ address: '192.0.2.1' }))

  // A fact of the wrong type
  // @ts-expect-error published
  await host.publish(answer, 'forty-two')
  // @ts-expect-error awaited
  const text: string = await host.peer('other').fact(answer)
  // @ts-expect-error an output of a role that it does not give
  const { address } = await app(host)
  await host.ensure(file({ path: text, content: String(address) }))

  // A secret where it would show
  // @ts-expect-error in a command
  await host.$`mysql --password=${hidden}`
  // @ts-expect-error in a name
  await host.ensure(packages({ names: [hidden] }))
  // @ts-expect-error in a parameter that is not said to be secret
  await app(host, { title: hidden })
  // @ts-expect-error in a note
  host.note(hidden)
}
