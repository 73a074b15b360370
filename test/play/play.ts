import t from 'tap'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { fact } from '../../lib/facts/fact.js'
import { handler } from '../../lib/host/index.js'
import { stackPlace } from '../../lib/core/place.js'
import { secretParam } from '../../lib/core/schema.js'
import { Secret } from '../../lib/core/secret.js'
import { batches, type PlayFunction, type PlayOptions } from '../../lib/play/play.js'
import { checkInventoryParams, role } from '../../lib/play/role.js'
import { loadInventory } from '../../lib/inventory/index.js'
import { command } from '../../lib/resources/command.js'
import { file } from '../../lib/resources/file.js'
import { sshHostKeys } from '../../lib/resources/sshHostKeys.js'
import { sshKeypair } from '../../lib/resources/sshKeypair.js'
import { localInventory, tempFolder, testRun } from '../fixtures/run.js'

const number = fact<number>('number')
const names = ['a', 'b', 'c', 'd', 'e']

t.test('batches() cuts as serial says', async (t) => {
  const cases: [PlayOptions['serial'], number[]][] = [
    [undefined, [5]],
    [1, [1, 1, 1, 1, 1]],
    [2, [2, 2, 1]],
    [9, [5]],
    ['40%', [2, 2, 1]],
    ['1%', [1, 1, 1, 1, 1]],
    [
      [1, 3],
      [1, 3, 1],
    ],
    [
      [1, '100%'],
      [1, 4],
    ],
  ]
  for (const [serial, sizes] of cases)
    t.same(
      batches(names, serial).map((batch) => batch.length),
      sizes,
      JSON.stringify(serial),
    )
  t.same(batches([], 2), [])
})

t.test('a failure stops its host only, unless the play says otherwise', async (t) => {
  const inventory = await localInventory(t, names)
  const cases: { options: Omit<PlayOptions, 'hosts'>; ran: string; next: string }[] = [
    { options: {}, ran: 'abcde', next: 'acde' },
    { options: { serial: 2 }, ran: 'abcde', next: 'acde' },
    { options: { serial: 1 }, ran: 'ab', next: '' },
    { options: { serial: 2, maxFailPercentage: 49 }, ran: 'ab', next: '' },
    { options: { serial: 2, maxFailPercentage: 50 }, ran: 'abcde', next: 'acde' },
    { options: { serial: 2, anyErrorsFatal: true }, ran: 'ab', next: '' },
    { options: { anyErrorsFatal: true }, ran: 'abcde', next: '' },
  ]
  for (const { options, ran, next } of cases) {
    const seen: string[] = []
    const later: string[] = []
    const { run } = await testRun({ inventory }, async (play) => {
      await play('first', { hosts: 'all', ...options }, async (host) => {
        seen.push(host.name)
        if (host.name === 'b') throw new Error('broken')
      })
      await play('second', { hosts: 'all' }, async (host) => void later.push(host.name))
    })
    t.equal(seen.join(''), ran, `${JSON.stringify(options)}: who ran`)
    t.equal(later.join(''), next, `${JSON.stringify(options)}: who went on`)
    t.match(run.failed.get('b')?.message, /on "b": broken/)
    t.match(run.failed.get('b')?.place?.file, /play\.ts$/)
  }
})

t.test('options that make no sense are refused', async (t) => {
  const inventory = await localInventory(t, names)
  const cases: [Partial<PlayOptions>, RegExp][] = [
    [{ serial: 0 }, /serial is neither.*"0"/],
    [{ serial: '0%' }, /serial is neither.*"0%"/],
    [{ maxFailPercentage: 101 }, /maxFailPercentage/],
    [{ tags: 'web' as never }, /tags is not a list/],
    [{ become: 1 as never }, /become is neither/],
    [{ becom: true } as never, /there is no option "becom"/],
    [{ hosts: 'nosuch' }, /nosuch/],
  ]
  for (const [options, message] of cases) {
    const { thrown } = await testRun({ inventory }, async (play) => {
      await play('bad', { hosts: 'all', ...options }, async () => t.fail('must not run'))
    })
    t.match(thrown, { name: 'HostwrightError', message, place: { file: /play\.ts$/ } })
  }
})

t.test('runOnce runs on the first host, and all get its result', async (t) => {
  const inventory = await localInventory(t, names)
  const ran: string[] = []
  const got: unknown[] = []
  await testRun({ inventory }, async (play) => {
    for (const turn of [1, 2])
      await play('once', { hosts: 'b:c:d', serial: 2 }, async (host) => {
        got.push(await host.runOnce('work', async (on) => ran.push(`${turn}${on.name}`) && turn))
      })
  })
  t.same(ran, ['1b', '2b'])
  t.same(got, [1, 1, 1, 2, 2, 2])
  const failed = await testRun({ inventory }, async (play) => {
    await play('once', { hosts: 'b:c' }, async (host) => {
      await host.runOnce('work', async () => {
        throw new Error('no')
      })
    })
  })
  t.match(failed.run.failed.get('c'), {
    code: 'FACT_PUBLISHER_FAILED',
    cause: { message: /on "b": no/ },
  })
})

t.test('runOnce in a loop, and on behalf of another host', async (t) => {
  const inventory = await localInventory(t, names)
  const got: string[] = []
  const { run } = await testRun({ inventory }, async (play) => {
    await play('once', { hosts: 'b:c' }, async (host) => {
      for (const item of ['x', 'y'])
        got.push(`${host.name} ${await host.runOnce('item', async () => item)}`)
      const other = host.delegateTo(host.name === 'b' ? 'c' : 'b')
      got.push(`${host.name} ${await other.runOnce('delegated', async (on) => on.name)}`)
    })
  })
  t.same([...run.failed.values()].map(String), [])
  t.same(got.toSorted(), ['b c', 'b x', 'b y', 'c c', 'c x', 'c y'])
})

t.test('a password for sudo that was asked for shows nowhere', async (t) => {
  const inventory = await localInventory(t, ['a'])
  const defaults = { becomePassword: 'asked on the terminal' }
  const { events } = await testRun({ inventory, defaults }, async (play) => {
    await play('one', { hosts: 'a' }, async (host) => host.note(`it is ${defaults.becomePassword}`))
  })
  t.match(
    events.find(({ type }) => type === 'note'),
    { text: 'it is ***' },
  )
})

t.test('waiting through another host for oneself is a circle', async (t) => {
  const inventory = await localInventory(t, names)
  const { run } = await testRun({ inventory }, async (play) => {
    await play('circle', { hosts: 'a' }, async (host) => {
      await host.delegateTo('b').peer('a').fact(number)
    })
  })
  t.match(run.failed.get('a'), { code: 'FACT_CIRCLE' })
})

t.test('an error of the playbook or a role tells where it was thrown', async (t) => {
  const inventory = await localInventory(t, ['a'])
  const broken = role({
    name: 'broken',
    run: async () => {
      await Promise.resolve()
      throw new TypeError('a mistake')
    },
  })
  const { run } = await testRun({ inventory }, async (play) => {
    await play('one', { hosts: 'a' }, async (host) => await broken(host))
  })
  const bare = await testRun({ inventory }, async (play) => {
    await play('one', { hosts: 'a' }, async () => {
      await Promise.reject(new TypeError('a mistake'))
    })
  })
  t.match(bare.run.failed.get('a')?.message, /^Cannot run the play on "a": TypeError: a mistake$/)
  const { line } = stackPlace(new Error('here').stack ?? '') ?? {}
  t.match(run.failed.get('a'), {
    code: 'PLAYBOOK_INVALID',
    message: 'Cannot run role "broken" on "a": TypeError: a mistake',
    role: 'broken',
    place: { file: /play\.ts$/ },
  })
  t.ok((run.failed.get('a')?.place?.line ?? 0) < (line ?? 0) - 4, 'in the role, not in the play')
})

t.test('a role that runs in two plays has the facts of the play that it runs in', async (t) => {
  const inventory = await localInventory(t, ['a', 'b'])
  const got: string[] = []
  let turn = 0
  const mesh = role({
    name: 'mesh',
    run: async (host) => {
      if (host.name === 'b') got.push(`role ${await host.peer('a').fact(number)}`)
      else {
        await host.$({ readOnly: true })`sleep 0.1`
        await host.publish(number, turn)
      }
    },
  })
  const { run } = await testRun({ inventory }, async (play) => {
    for (turn = 1; turn <= 2; turn += 1)
      await play(`mesh ${turn}`, { hosts: 'all' }, async (host) => await mesh(host))
    await play('other', { hosts: 'all' }, async (host) => {
      if (host.name === 'b') got.push(`play ${await host.peer('a').fact(number)}`)
    })
  })
  t.same([...run.failed.values()].map(String), [])
  t.same(got, ['role 1', 'role 2', 'play 2'])
})

t.test('--limit reads the facts of the hosts that it leaves out', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a', 'b'])
  writeFileSync(join(folder, 'value'), '42')
  const body = async (host: import('../../lib/host/index.js').Host) => {
    if (host.name === 'b') {
      await host.ensure(command({ run: `touch ${join(folder, 'never')}` }))
      await host.publish(
        number,
        Number((await host.$({ readOnly: true })`cat ${join(folder, 'value')}`).text()),
      )
      return
    }
    t.equal(await host.peer('b').fact(number), 42)
  }
  for (const limit of ['a', 'a,!b']) {
    const { run, events, thrown } = await testRun({ inventory, limit }, async (play) => {
      await play('facts', { hosts: 'all' }, body)
    })
    t.equal(thrown, undefined)
    t.same([...run.failed.values()], [])
    t.notOk(
      events.some((event) => 'host' in event && event.host === 'b'),
      'b takes no part',
    )
    t.same(readdirSync(folder), ['value'], 'and is not changed')
  }
  const earlier = await testRun({ inventory, limit: 'a' }, async (play) => {
    await play('one', { hosts: 'b' }, body)
    await play('two', { hosts: 'a' }, body)
  })
  t.same([...earlier.run.failed.values()], [], 'facts of earlier plays too')
  const partly = await testRun({ inventory, limit: 'a' }, async (play) => {
    await play('unknown', { hosts: 'b' }, async (host) => {
      if ((await host.$`echo 7`).stdout === '7') t.fail('it does not run')
    })
    await play('one', { hosts: 'b' }, body)
    await play('two', { hosts: 'a' }, body)
  })
  t.same([...partly.run.failed.values()], [], 'past a play that is not known')
  const serial = await testRun({ inventory }, async (play) => {
    await play('facts', { hosts: 'all', serial: 1 }, async (host) => {
      if (host.name === 'b') await host.publish(number, 42)
      else t.equal(await host.peer('b').fact(number), 42)
    })
  })
  t.same([...serial.run.failed.values()], [], 'facts of later batches too')
  const unknown = await testRun({ inventory, limit: 'a' }, async (play) => {
    await play('facts', { hosts: 'all' }, async (host) => {
      if (host.name === 'b') await host.publish(number, (await host.$`echo 7`).stdout.length)
      else await host.peer('b').fact(number)
    })
  })
  t.match(unknown.run.failed.get('a'), {
    code: 'FACT_NOT_PUBLISHED',
    message: /"b" was only read/,
    hint: /run on "b" too/,
  })
})

t.test('--limit that matches nothing and unknown peers are refused', async (t) => {
  const inventory = await localInventory(t, ['a', 'b'])
  await t.rejects(
    testRun({ inventory, limit: 'a,!a' }, async () => undefined),
    { code: 'USAGE_INVALID', message: /matches no host/ },
  )
  await t.rejects(
    testRun({ inventory, limit: 'x' }, async () => undefined),
    { code: 'INVENTORY_INVALID' },
  )
  const { run } = await testRun({ inventory }, async (play) => {
    await play('peer', { hosts: 'a' }, async (host) => host.peer('nosuch'))
  })
  t.match(run.failed.get('a'), {
    code: 'INVENTORY_INVALID',
    message: /Cannot find host "nosuch"/,
    hint: /a, b/,
  })
})

t.test('tags select plays, roles and resources', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const make = (name: string, tags?: string[]) =>
    command({
      name,
      run: `touch ${join(folder, name)}`,
      creates: join(folder, name),
      ...(tags && { tags }),
    })
  const web = role({
    name: 'web',
    run: async (host) => void (await host.ensure([make('w1'), make('w2', ['config'])])),
  })
  const cases: { tags?: string[]; skipTags?: string[]; made: string[] }[] = [
    { made: ['always', 'plain', 'w1', 'w2'] },
    { tags: ['config'], made: ['always', 'w2'] },
    { tags: ['web'], made: ['always', 'w1', 'w2'] },
    { tags: ['site'], made: ['always', 'never', 'plain', 'w1', 'w2'] },
    { tags: ['never'], made: ['always', 'never'] },
    { tags: ['all'], made: ['always', 'plain', 'w1', 'w2'] },
    { skipTags: ['web'], made: ['always', 'plain'] },
    { tags: ['web'], skipTags: ['config'], made: ['always', 'w1'] },
  ]
  for (const { made, ...options } of cases) {
    const { tasks } = await testRun({ inventory, mode: 'check', ...options }, async (play) => {
      await play('site', { hosts: 'all', tags: ['site'] }, async (host) => {
        await host.ensure([make('plain'), make('always', ['always']), make('never', ['never'])])
        await web(host)
      })
    })
    const changed = tasks
      .filter((task) => task.endsWith(': changed'))
      .map((task) => task.split(' ')[2]?.replace(':', ''))
    t.same(changed.toSorted(), made, JSON.stringify(options))
  }
})

t.test('list mode names hosts and tasks and touches nothing', async (t) => {
  const inventory = await localInventory(t, ['a'], '    ansible_host: unused\n')
  const { tasks, run, thrown } = await testRun({ inventory, mode: 'list' }, async (play) => {
    await play('list', { hosts: 'all' }, async (host) => {
      await host.ensure(file({ path: '/x', content: 'y' }))
      t.type((await host.$`rm -rf /x`).stdout, 'string')
    })
    await play('more', { hosts: 'all' }, async (host) => {
      await host.facts()
    })
  })
  t.equal(thrown, undefined)
  t.same([...run.failed.values()], [])
  t.same(tasks, [
    'a file /x: unknown',
    'a rest of the play: unknown',
    'a rest of the play: unknown',
  ])
  t.notOk(run.touched)
})

t.test(
  'a role takes its parameters from the inventory and the call, and refuses what is wrong',
  async (t) => {
    const folder = await tempFolder(t)
    const inventory = join(folder, 'hosts.yml')
    const write = (lines: string[]) =>
      writeFileSync(
        inventory,
        [
          'all:',
          '  hosts:',
          '    a:',
          '      ansible_connection: local',
          '      database:',
          ...lines.map((line) => `        ${line}`),
          '',
        ].join('\n'),
      )
    let got: unknown
    const database = role({
      name: 'database',
      params: v.object({
        port: v.number(),
        name: v.optional(v.string(), 'main'),
        password: secretParam(),
      }),
      run: async (_host, params) => void (got = params),
    })
    const go = async (params?: Parameters<typeof database>[1]) =>
      (
        await testRun(
          { inventory },
          async (play) =>
            await play('p', { hosts: 'a' }, async (host) => await database(host, params)),
        )
      ).run.failed.get('a')

    write(['port: 3306', 'password: hunter22'])
    t.equal(await go({ name: 'other' }), undefined)
    t.match(got, { port: 3306, name: 'other', password: Secret })
    t.equal(await go({ port: 3307 }), undefined)
    t.match(got, { port: 3307, name: 'main' }, 'the call wins')

    const cases: { lines: string[]; message: RegExp; line: number | undefined }[] = [
      {
        lines: ['port: "3306"', 'password: hunter22'],
        message: /parameter "port": .*number/i,
        line: 6,
      },
      {
        lines: ['port: 1', 'password: hunter22', 'prot: 2'],
        message: /has no parameter "prot"/,
        line: 8,
      },
      {
        lines: ['port: 1', 'password: hunter22', 'constructor: 2'],
        message: /has no parameter "constructor"/,
        line: 8,
      },
      { lines: ['port: 1', 'password: ""'], message: /parameter "password": is empty/, line: 7 },
    ]
    for (const { lines, message, line } of cases) {
      write(lines)
      const error = await go()
      t.match(error, { code: 'PARAMETER_INVALID', message, place: { file: inventory, line } })
      const { hosts } = await loadInventory({ sources: [inventory] })
      t.throws(
        () => checkInventoryParams(hosts.values()),
        { code: 'PARAMETER_INVALID', message, place: { file: inventory, line } },
        'before any host is touched',
      )
    }
    write(['port: 1'])
    got = undefined
    t.match(await go(), {
      code: 'PARAMETER_INVALID',
      message: 'Cannot use role "database" on "a": parameter "password" is missing',
      role: 'database',
      host: 'a',
      hint: 'set database.password in group_vars or pass it in the playbook',
    })
    t.equal(got, undefined, 'the role has not begun')
    const proxy = role({
      name: 'proxy',
      params: v.object({ upstream: v.string() }),
      fromPlaybook: ['upstream'],
      run: async (_host, params) => void (got = params),
    })
    const passes = async (params: object) =>
      await testRun(
        { inventory },
        async (play) =>
          await play('p', { hosts: 'a' }, async (host) => await proxy(host, params as never)),
      )
    t.match((await passes({})).run.failed.get('a'), {
      message: 'Cannot use role "proxy" on "a": parameter "upstream" is missing',
      hint: 'pass it in the playbook',
    })
    await passes({ upstream: 'http://a' })
    t.same(got, { upstream: 'http://a' })
    const { hosts } = await loadInventory({ sources: [inventory] })
    t.doesNotThrow(
      () => checkInventoryParams(hosts.values()),
      'what is missing may come from the playbook',
    )
  },
)

t.test('a role that check mode can not follow is unknown, and the next one goes on', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a', 'b'])
  const first = role({
    name: 'first',
    run: async (host) => {
      const { stdout } = await host.$`uname`
      await host.publish(number, stdout.length)
      return { stdout }
    },
  })
  const second = role({
    name: 'second',
    run: async (host) =>
      void (await host.ensure(file({ path: join(folder, host.name), content: 'x' }))),
  })
  const third = role({
    name: 'third',
    run: async (host) => void (await host.peer('b').fact(number)),
  })
  const { tasks, run } = await testRun({ inventory, mode: 'check' }, async (play) => {
    await play('p', { hosts: 'all' }, async (host) => {
      const { stdout } = host.name === 'b' ? await first(host) : { stdout: '' }
      await second(host)
      await third(host)
      t.type(stdout, 'string')
    })
  })
  t.same([...run.failed.values()], [])
  t.same(tasks.toSorted(), [
    `a file ${join(folder, 'a')}: changed`,
    'a rest of role third: unknown',
    'b $ uname: unknown',
    'b rest of role first: unknown',
    'b rest of the play: unknown',
  ])
})

t.test('a role that tags leave out on a host that lacks all of it fails nothing', async (t) => {
  const inventory = await localInventory(t, ['a'])
  const path = join(await tempFolder(t), 'id')
  const keys = role({
    name: 'keys',
    run: async (host) => {
      const { output } = await host.ensure(sshKeypair({ path }))
      t.type(output.publicKey, 'string', 'it is not gone on without a key')
      const [{ output: hostKeys }] = await host.ensure([sshHostKeys()])
      t.ok(hostKeys.length >= 0, 'nor without what only a plan gives')
    },
  })
  const body = async (play: PlayFunction) => {
    await play('one', { hosts: 'all' }, async (host) => {
      await keys(host)
      await host.ensure(command({ run: 'true', tags: ['other'] }))
    })
  }
  const left = await testRun({ inventory, tags: ['other'] }, body)
  t.same([...left.run.failed.values()].map(String), [])
  t.same(left.tasks, [
    `a sshKeypair ${path}: skipped`,
    'a rest of role keys: skipped',
    'a command true: changed',
  ])
  await testRun({ inventory }, body)
  const there = await testRun({ inventory, tags: ['other'] }, body)
  t.same(there.tasks, [
    `a sshKeypair ${path}: skipped`,
    'a sshHostKeys of the host: skipped',
    'a rest of role keys: skipped',
    'a command true: changed',
  ])
})

t.test('roles that tags leave out wait for no fact of each other', async (t) => {
  const inventory = await localInventory(t, ['a', 'b'])
  const path = join(await tempFolder(t), 'id')
  const key = fact<string>('key')
  const keys = role({
    name: 'keys',
    run: async (host) => {
      if (host.name === 'b') return void (await host.peer('a').fact(key))
      const { output } = await host.ensure(sshKeypair({ path }))
      await host.publish(key, output.publicKey)
    },
  })
  const { run, tasks } = await testRun({ inventory, tags: ['other'] }, async (play) => {
    await play('one', { hosts: 'all' }, async (host) => await keys(host))
  })
  t.same([...run.failed.values()].map(String), [])
  t.ok(tasks.includes('b rest of role keys: skipped'), tasks.join('\n'))
})

t.test('delegation and handlers keep to their host', async (t) => {
  const inventory = await localInventory(t, ['a', 'b'])
  const seen: string[] = []
  const note = handler('note', async (host) => void seen.push(host.name))
  await testRun({ inventory, mode: 'check' }, async (play) => {
    await play('p', { hosts: 'a' }, async (host) => {
      t.equal((await host.delegateTo('b').$({ readOnly: true })`echo there`).text(), 'there')
      host.notify(note)
      await host.flushHandlers()
      t.same(seen, ['a'])
    })
  })
  t.same(seen, ['a'], 'a handler that was flushed does not run again')
})

t.test(
  '--tags: handlers of what runs run, and commands around it do not keep it from running',
  async (t) => {
    const folder = await tempFolder(t)
    const inventory = await localInventory(t, ['a'])
    const note = handler('note', async (host) => {
      await host.$`touch ${join(folder, 'handled')}`
      await host.ensure(file({ path: join(folder, 'too'), content: 'x' }))
    })
    const web = role({
      name: 'web',
      run: async (host) =>
        void (await host.ensure(file({ path: join(folder, 'web'), content: 'x', notify: note }))),
    })
    const { tasks, run } = await testRun({ inventory, tags: ['web'] }, async (play) => {
      await play('p', { hosts: 'all' }, async (host) => {
        t.equal((await host.$({ readOnly: true })`echo seen`).text(), 'seen')
        await host.$`touch ${join(folder, 'never')}`
        await web(host)
      })
    })
    t.same([...run.failed.values()], [])
    t.same(readdirSync(folder).toSorted(), ['handled', 'too', 'web'])
    t.ok(tasks.includes(`a $ touch '${join(folder, 'never')}': skipped`))
  },
)
