import t from 'tap'
import * as v from 'valibot'
import {
  directory,
  fact,
  file,
  handler,
  HostwrightError,
  packages,
  probeKind,
  resourceType,
  role,
  service,
  template,
  user,
} from '../../lib/index.js'
import { waitForPort } from '../../lib/resources/index.js'
import { fakeHost } from '../../lib/testing/index.js'

t.test('fakeHost() plans resources against the declared state', async (t) => {
  const state = {
    files: {
      '/etc/motd': 'old\n',
      '/etc/app/key': { content: 'k\n', mode: '0600', owner: 'app', group: 'app' },
    },
    packages: ['rsync'],
    units: { sshd: { active: true, enabled: true }, app: { active: false, enabled: true } },
    users: { app: { groups: ['adm'] } },
  }
  const cases = [
    [file({ path: '/etc/motd', content: 'old\n' }), []],
    [file({ path: '/etc/motd', content: 'new\n' }), ['content: 4 bytes → 4 bytes']],
    [
      file({ path: '/etc/app/key', mode: '0644', owner: 'root' }),
      ['mode: 0600 → 0644', 'owner: app → root'],
    ],
    [file({ path: '/etc/none', state: 'absent' }), []],
    [directory({ path: '/etc/app' }), []],
    [directory({ path: '/srv/data' }), ['state: absent → directory']],
    [packages({ names: ['rsync', 'lsyncd'] }), ['lsyncd: absent → present']],
    [service({ name: 'sshd', enabled: true, state: 'started' }), []],
    [service({ name: 'app', enabled: true, state: 'started' }), ['state: inactive → started']],
    [user({ name: 'app', groups: ['adm'] }), []],
  ] as const
  for (const [resource, changes] of cases) {
    const result = await fakeHost(state).ensure(resource)
    t.same(
      result.changes.map(({ property, from, to }) => `${property}: ${from} → ${to}`),
      changes,
      resource.task,
    )
    t.equal(result.status, changes.length === 0 ? 'ok' : 'changed')
  }
})

t.test('fakeHost() runs roles with parameters, facts, peers, commands and handlers', async (t) => {
  const greeting = fact<string>('greeting')
  const reload = handler('reload app', async (host) => {
    await host.ensure(service({ name: 'app', state: 'reloaded' }))
  })
  const app = role({
    name: 'app',
    params: v.object({ text: v.string() }),
    async run(host, { text }) {
      const { family } = await host.facts()
      const word = await host.peer('other').fact(greeting)
      const { stdout } = await host.$({ readOnly: true })`uname -r`
      const content = `${text} ${family} ${word} ${stdout}`
      await host.ensure(file({ path: '/etc/app', content, notify: reload }))
      return content
    },
  })
  const host = fakeHost({
    name: 'one',
    vars: { app: { text: 'hello' } },
    system: { family: 'redhat' },
    units: { app: { active: true, enabled: true } },
    commands: { 'uname -r': '6.1' },
    peers: { other: { facts: [[greeting, 'hi']] } },
  })
  t.equal(await app(host), 'hello redhat hi 6.1')
  await host.flushHandlers()
  t.same(
    host.tasks.map(({ task, status }) => `${task}: ${status}`),
    ['file /etc/app: changed', 'service app: changed'],
  )
  t.same(host.hosts, ['one', 'other'])
  await t.rejects(app(fakeHost({ vars: { app: { txt: 'hello' } } })), { code: 'PARAMETER_INVALID' })
})

t.test('fakeHost() sees what was planned before, as check mode does', async (t) => {
  const host = fakeHost()
  const [, written] = await host.ensure([
    directory({ path: '/srv/a' }),
    file({ path: '/srv/a/b', content: 'b' }),
  ])
  t.ok(written.changed)
  const [installed, uncertain] = await host.ensure([
    packages({ names: ['nginx'] }),
    service({ name: 'nginx', state: 'started' }),
  ])
  t.equal(installed.status, 'changed')
  t.equal(uncertain.status, 'unknown')
})

t.test('fakeHost() refuses what is not declared, and takes answers of any kind', async (t) => {
  const lines = probeKind<string, number>({
    name: 'lines',
    id: (path) => path,
    script: () => 'exit 1',
    parse: () => [],
  })
  const short = resourceType<{ readonly path: string }>({
    name: 'short',
    title: ({ path }) => path,
    reads: ({ path }) => [lines(path)],
    plan: ({ path }, ask) =>
      ask(lines(path)) < 3
        ? { changes: [], steps: [] }
        : {
            changes: [{ property: 'lines', from: 'many', to: 'few' }],
            steps: [{ script: 'false' }],
          },
  })
  const answered = fakeHost({ answers: [[lines('/a'), 7]] })
  t.ok((await answered.ensure(short({ path: '/a' }))).changed)
  const undeclared: readonly Promise<unknown>[] = [
    answered.ensure(short({ path: '/b' })),
    fakeHost().ensure(waitForPort({ port: 22 })),
    fakeHost().$({ readOnly: true })`id`,
  ]
  for (const asking of undeclared)
    await t.rejects(asking, { code: 'UNSUPPORTED', hint: /^declare / })
  t.throws(() => fakeHost().delegateTo('nobody'), { code: 'INVENTORY_INVALID' })
  t.throws(() => template({ path: '/etc/x', src: 'none.hbs' }), { code: 'PARAMETER_INVALID' })
})

t.test('a role checks its parameters before it asks the host anything', async (t) => {
  const two = role({
    name: 'two',
    families: ['redhat'],
    checkParams(host) {
      if (host.hosts.length < 2) throw new HostwrightError('PARAMETER_INVALID', 'Cannot be alone')
    },
    run: async () => await Promise.resolve('done'),
  })
  await t.rejects(two(fakeHost()), { code: 'PARAMETER_INVALID', role: 'two' })
  await t.rejects(two(fakeHost({ peers: { other: {} } })), { code: 'UNSUPPORTED' })
  t.equal(await two(fakeHost({ peers: { other: {} }, system: { family: 'redhat' } })), 'done')
})

t.test('a role refuses a family that it does not support', async (t) => {
  const only = role({
    name: 'only',
    families: ['redhat'],
    run: async () => await Promise.resolve('done'),
  })
  t.equal(await only(fakeHost({ system: { family: 'redhat' } })), 'done')
  await t.rejects(only(fakeHost()), {
    code: 'UNSUPPORTED',
    message: 'Cannot use role "only" on "fake": it does not support family "debian"',
    hint: 'it supports redhat',
    place: { file: /fakeHost\.ts$/ },
  })
})
