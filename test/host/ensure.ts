import t from 'tap'
import { spawn, spawnSync } from 'node:child_process'
import { once as happens } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import { connect, connectionSettings, type Connection } from '../../lib/connection/index.js'
import { HostwrightError } from '../../lib/core/errors.js'
import { secret } from '../../lib/core/secret.js'
import { handler } from '../../lib/host/index.js'
import { Session } from '../../lib/host/session.js'
import { loadInventory } from '../../lib/inventory/index.js'
import { role } from '../../lib/play/role.js'
import type { Run } from '../../lib/play/run.js'
import { authorizedKey } from '../../lib/resources/authorizedKey.js'
import { command } from '../../lib/resources/command.js'
import { file } from '../../lib/resources/file.js'
import { directory } from '../../lib/resources/directory.js'
import { lineInFile } from '../../lib/resources/lineInFile.js'
import type { Effects, Query, Resource } from '../../lib/resources/types.js'
import { cell } from '../fixtures/cell.js'
import { alone, localInventory, tempFolder, testRun } from '../fixtures/run.js'

const all: Effects = { stale: () => true }

t.test(
  'ensure() costs one round trip when all is as wished, and one more for all changes',
  async (t) => {
    const folder = await tempFolder(t)
    const inventory = await localInventory(t, ['a'])
    const cells = Array.from({ length: 100 }, (_, at) =>
      cell({ path: join(folder, `c${at}`), value: `v${at}` }),
    )
    const trips: number[] = []
    for (let turn = 0; turn < 2; turn += 1) {
      const { tasks, roundTrips, thrown } = await testRun({ inventory }, async (play) => {
        await play('cells', { hosts: 'all' }, async (host) => await host.ensure(cells))
      })
      t.equal(thrown, undefined)
      t.same(
        new Set(tasks.map((task) => task.split(': ')[1])),
        new Set([turn === 0 ? 'changed' : 'ok']),
      )
      t.equal(tasks.length, 100)
      trips.push(roundTrips('a'))
    }
    t.same(trips, [2, 1], 'the probes with the lock, the changes')
    t.equal(readFileSync(join(folder, 'c99'), 'utf8'), 'v99')
  },
)

t.test('lines of one file are one write, unless something in between may look at it', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const path = join(folder, 'lines')
  const log = join(folder, 'log')
  const line = (text: string) => lineInFile({ path, line: text, create: true })
  const notify = handler('told', async (host) => {
    await host.ensure(command({ run: `cp ${path} ${folder}/told` }))
  })
  // Says what it is called with, and does it.
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'mv'), `#!/bin/sh\necho "$@" >>${log}\nexec /bin/mv "$@"\n`, {
    mode: 0o755,
  })
  const run = async (resources: readonly Resource[]) => {
    const { PATH } = process.env
    process.env['PATH'] = `${bin}:${PATH}`
    for (const one of [path, log]) rmSync(one, { force: true })
    const { tasks, thrown, events } = await testRun({ inventory }, async (play) => {
      await play('lines', { hosts: 'all' }, async (host) => await host.ensure(resources))
    })
    process.env['PATH'] = PATH
    const failed = events.filter(({ type }) => type === 'failure').length
    const writes = readFileSync(log, 'utf8')
      .split('\n')
      .filter((one) => one.endsWith('/lines')).length
    return { tasks, thrown, failed, writes, content: readFileSync(path, 'utf8') }
  }
  const whole = 'one\ntwo\nthree\n'
  const notified = (text: string) => lineInFile({ path, line: text, create: true, notify })
  const together = await run([
    notified('one'),
    notified('two'),
    file({ path: join(folder, 'other'), content: 'x', notify }),
    notified('three'),
  ])
  t.match(together, { writes: 1, failed: 0, content: whole })
  t.strictSame(
    together.tasks.filter((task) => task.includes('changed')).length,
    5,
    'each has changed, and the handler has run',
  )
  t.equal(readFileSync(join(folder, 'told'), 'utf8'), whole)
  const looked = await run([
    line('one'),
    line('two'),
    command({ run: `cp ${path} ${folder}/seen` }),
    line('three'),
  ])
  t.match(looked, { writes: 2, failed: 0, content: whole })
  t.equal(readFileSync(join(folder, 'seen'), 'utf8'), 'one\ntwo\n')
  const broken = await run([
    line('one'),
    line('two'),
    file({ path: '/proc/no-such-file', content: 'x' }),
    line('three'),
  ])
  t.match(broken, { writes: 2, failed: 1, content: 'one\ntwo\n' }, 'what stands before is done')
  t.strictSame(broken.tasks.slice(0, 2), [
    `a lineInFile ${path}: changed`,
    `a lineInFile ${path}: changed`,
  ])
})

t.test('authorizedKey() with exclusive keeps all keys that its ensure() wants', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const [path, elsewhere] = [join(folder, 'keys'), join(folder, 'others')]
  const { username } = userInfo()
  const line = (name: string) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5${name} ${name}`
  const wish = (name: string, more: Partial<Parameters<typeof authorizedKey>[0]> = {}) =>
    authorizedKey({ user: username, key: line(name), path, ...more })
  const wishes = [
    wish('one', { exclusive: true }),
    wish('two', { tags: ['two'] }),
    wish('three', { exclusive: true }),
    wish('gone', { state: 'absent' }),
    wish('four', { path: elsewhere }),
  ]
  const run = async (more: Partial<Parameters<typeof testRun>[0]> = {}) => {
    const { tasks, thrown, events } = await testRun({ inventory, ...more }, async (play) => {
      await play('keys', { hosts: 'all' }, async (host) => await host.ensure(wishes))
    })
    t.equal(thrown, undefined)
    return {
      statuses: tasks.map((task) => task.split(': ')[1]),
      told: events.flatMap((event) =>
        event.type === 'task' ? event.changes.map(({ from, to }) => `${from} → ${to}`) : [],
      ),
    }
  }
  const before = [line('foreign'), line('two'), line('four'), '# a note', ''].join('\n')
  writeFileSync(path, before)
  const planned = await run({ mode: 'check' })
  t.equal(readFileSync(path, 'utf8'), before)
  const made = await run()
  const goes = ['ssh-ed25519 foreign → absent', 'ssh-ed25519 four → absent']
  for (const { statuses, told } of [planned, made]) {
    t.same(statuses.toSorted(), ['changed', 'changed', 'changed', 'ok', 'ok'])
    t.strictSame(told.slice(0, 2), goes, 'another file is not this one')
  }
  const whole = [line('two'), '# a note', line('one'), line('three'), ''].join('\n')
  t.equal(readFileSync(path, 'utf8'), whole)
  t.same(new Set((await run()).statuses), new Set(['ok']), 'none takes out what another puts in')
  const some = await run({ skipTags: ['two'] })
  t.same(some.statuses.toSorted(), ['ok', 'ok', 'ok', 'ok', 'skipped'])
  t.equal(readFileSync(path, 'utf8'), whole, 'what tags leave out is wanted all the same')
})

t.test('what several ensure() ask at the same time is one message', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const turn = async () =>
    await testRun({ inventory }, async (play) => {
      await play('cells', { hosts: 'all' }, async (host) => {
        const each = [1, 2, 3].map(async (at) => {
          const one = cell({ path: join(folder, `a${at}`), value: `${at}` })
          const [first] = await host.ensure([
            one,
            cell({ path: join(folder, `b${at}`), value: '' }),
          ])
          return first.output
        })
        t.same(await Promise.all(each), ['1', '2', '3'], 'each has its own answers')
      })
    })
  t.equal((await turn()).roundTrips('a'), 4, 'the probes with the lock; the changes of each')
  t.equal((await turn()).roundTrips('a'), 1)
})

t.test('commands that look for themselves whether they are needed share a message', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const path = (name: string) => join(folder, name)
  const touch = (name: string) =>
    command({ run: `touch ${name}`, cwd: folder, creates: path(name) })
  const list = [
    touch('one'),
    touch('two'),
    command({ name: 'gone', run: `rm ${path('one')}`, removes: path('one') }),
    command({ name: 'never', run: `false`, removes: path('no such file') }),
    command({ name: 'never too', run: 'false', creates: path('two') }),
    touch('last'),
  ]
  const { events, tasks, roundTrips, thrown } = await testRun({ inventory }, async (play) => {
    await play('commands', { hosts: 'all' }, async (host) => void (await host.ensure(list)))
  })
  t.equal(thrown, undefined)
  t.equal(roundTrips('a'), 2, 'the probes with the lock, the commands')
  t.same(
    tasks.map((task) => task.split(': ').at(-1)),
    ['changed', 'changed', 'changed', 'skipped', 'skipped', 'changed'],
  )
  const reasons = events.flatMap((event) =>
    event.type === 'task' && event.reason !== undefined ? [event.reason] : [],
  )
  t.same(reasons, [`${path('no such file')} does not exist`, `${path('two')} exists`])
  t.same(readdirSync(folder).toSorted(), ['last', 'two'])

  const ran: string[] = []
  const told = handler('told', async () => void ran.push('told'))
  const notifying = await testRun({ inventory }, async (play) => {
    await play('handlers', { hosts: 'all' }, async (host) => {
      await host.ensure([
        command({ run: 'true' }),
        command({ run: 'false', creates: path('two'), notify: told }),
      ])
    })
  })
  t.equal(notifying.run.failed.size, 0)
  t.same(ran, [], 'a handler is not due for what need not run')
})

t.test('what is asked with another does not wait for it', { timeout: 60_000 }, async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const go = join(folder, 'go')
  const { thrown } = await testRun({ inventory }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => {
      await host.ensure(cell({ path: join(folder, 'first'), value: '' }))
      // Its guard waits for what comes of the other.
      const guarded = command({
        name: 'guarded',
        run: 'exit 1',
        unless: `for i in 1 2 3 4 5 6 7 8 9 10; do [ ! -e '${go}' ] || exit 0; sleep 1; done; exit 1`,
      })
      const asks = async () => {
        await host.ensure(cell({ path: join(folder, 'second'), value: '' }))
        writeFileSync(go, '')
      }
      await Promise.all([asks(), host.ensure(guarded)])
    })
  })
  t.equal(thrown, undefined)
})

t.test('ensure() gives outputs and what changed', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  writeFileSync(join(folder, 'one'), 'old')
  writeFileSync(join(folder, 'two'), 'same')
  await testRun({ inventory }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => {
      const [one, two] = await host.ensure([
        cell({ path: join(folder, 'one'), value: 'new' }),
        cell({ path: join(folder, 'two'), value: 'same' }),
      ])
      t.same(
        [one.changed, one.output, one.changes],
        [true, 'new', [{ property: 'value', from: 'old', to: 'new' }]],
      )
      t.same([two.changed, two.output, two.status], [false, 'same', 'ok'])
      const single = await host.ensure(cell({ path: join(folder, 'one'), value: 'new' }))
      t.equal(single.changed, false)
    })
  })
})

t.test('what a change makes stale is asked again before it is used', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const other = join(folder, 'other')
  const { tasks } = await testRun({ inventory }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => {
      await host.ensure([
        cell({
          path: join(folder, 'first'),
          value: 'x',
          first: `printf right >'${other}'`,
          effects: all,
        }),
        cell({ path: other, value: 'right' }),
      ])
    })
  })
  t.same(tasks, ['a cell first: changed', 'a cell other: ok'])
})

t.test(
  'check mode sends no step, keeps predictions for later calls, and says what it can not know',
  async (t) => {
    const folder = await tempFolder(t)
    const inventory = await localInventory(t, ['a'])
    const path = join(folder, 'one')
    const cloud: Effects = {
      unknown: {
        when: (query: Query) => query.id.endsWith('three'),
        reason: 'one would be made first',
      },
    }
    const { tasks, thrown, run } = await testRun({ inventory, mode: 'check' }, async (play) => {
      await play('cells', { hosts: 'all' }, async (host) => {
        await host.ensure(cell({ path, value: 'x', effects: cloud }))
        const [, three] = await host.ensure([
          cell({ path, value: 'x' }),
          cell({ path: join(folder, 'three'), value: 'z' }),
        ])
        t.throws(() => three.output.length, /one would be made first/, 'its output is not known')
        const { exitCode } = await host.$`touch ${join(folder, 'never')}`
        t.fail(`a command that may write must not run: ${exitCode}`)
      })
      await play(
        'more',
        { hosts: 'all' },
        async (host) => await host.ensure(cell({ path, value: 'y' })),
      )
    })
    t.equal(thrown, undefined)
    t.equal(run.failed.size, 0)
    t.same(tasks, [
      'a cell one: changed',
      'a cell one: ok',
      'a cell three: unknown',
      `a $ touch '${join(folder, 'never')}': unknown`,
      'a rest of the play: unknown',
      'a cell one: changed',
    ])
    t.same(readdirSync(folder), [], 'nothing was written')
  },
)

t.test('a failure ends the host: what is before it is done, what is after it is not', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const { tasks, run, events } = await testRun({ inventory }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => {
      await host.ensure([
        cell({ path: join(folder, 'one'), value: '1' }),
        cell({ path: join(folder, 'two'), value: '2', first: 'echo disk is full >&2; exit 7' }),
        cell({ path: join(folder, 'three'), value: '3' }),
      ])
    })
    await play('next', { hosts: 'all' }, async () =>
      t.fail('a failed host takes no part in later plays'),
    )
  })
  t.same(tasks, ['a cell one: changed', 'a cell two: failed'])
  t.same(readdirSync(folder), ['one'])
  const error = run.failed.get('a')
  t.match(error, {
    code: 'TASK_FAILED',
    exitCode: 7,
    stderr: 'disk is full',
    task: 'cell two',
    host: 'a',
  })
  t.match(error?.message, 'exit status 7: disk is full')
  t.match(error?.place?.file, /ensure\.ts$/, 'names the line that wished it')
  t.equal(events.filter(({ type }) => type === 'failure').length, 1)
})

t.test('retries probe and try again', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const once = join(folder, 'once')
  const first = `if [ ! -e '${once}' ]; then touch '${once}'; exit 1; fi`
  const { tasks } = await testRun({ inventory }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => {
      await host.ensure(
        cell({ path: join(folder, 'one'), value: '1', first, retries: 1, delay: 10 }),
      )
      await host.ensure(
        cell({ path: join(folder, 'two'), value: '2', first: 'exit 1', retries: 1, delay: 10 }),
      )
    })
  })
  t.same(tasks, ['a cell one: changed', 'a cell two: failed'])
})

t.test('a step that takes too long is ended with all that it started', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const late = join(folder, 'late')
  const { run, tasks } = await testRun({ inventory }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => {
      await host.ensure([
        cell({ path: join(folder, 'one'), value: '1' }),
        cell({
          path: join(folder, 'two'),
          value: '2',
          first: `sh -c "sleep 2; touch '${late}'"`,
          timeout: 300,
        }),
      ])
    })
  })
  t.match(run.failed.get('a'), { code: 'COMMAND_TIMEOUT', task: 'cell two' })
  t.same(tasks, ['a cell one: changed', 'a cell two: failed'])
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  t.notOk(existsSync(late))
})

t.test(
  'a lost connection: connected again, probed again, and what was under way counts as changed',
  async (t) => {
    const folder = await tempFolder(t)
    const inventory = await localInventory(t, ['a'])
    const once = join(folder, 'once')
    // The long-lived shell dies after the change is made and before it is told.
    const dying = { path: join(folder, 'two'), value: '2' }
    const first = `if [ ! -e '${once}' ]; then touch '${once}'; printf 2 >'${dying.path}'; kill -9 $$; sleep 5; fi`
    const handled = join(folder, 'handled')
    const note = handler(
      'note',
      async (host) => await host.ensure(cell({ path: handled, value: 'yes' })),
    )
    const { tasks, events, thrown } = await testRun({ inventory }, async (play) => {
      await play('cells', { hosts: 'all' }, async (host) => {
        await host.ensure([
          cell({ path: join(folder, 'one'), value: '1' }),
          cell({ ...dying, first, notify: note }),
          cell({ path: join(folder, 'three'), value: '3' }),
        ])
      })
    })
    t.equal(thrown, undefined)
    t.same(tasks, [
      'a cell one: changed',
      'a cell two: changed',
      'a cell three: changed',
      'a cell handled: changed',
    ])
    t.match(
      events.find(({ type }) => type === 'note'),
      { text: /connection lost/ },
    )
  },
)

t.test('check mode keeps what it has planned when the connection is lost', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const once = join(folder, 'once')
  const planned = file({ path: join(folder, 'planned'), content: 'x' })
  const unless = `if [ ! -e '${once}' ]; then touch '${once}'; kill -9 $$; sleep 5; fi; false`
  const { tasks, events, thrown } = await testRun({ inventory, mode: 'check' }, async (play) => {
    await play('lost', { hosts: 'all' }, async (host) => {
      await host.ensure(planned)
      await host.ensure(command({ name: 'ask', run: 'true', unless }))
      await host.ensure(planned)
    })
  })
  t.equal(thrown, undefined)
  t.match(
    events.find(({ type }) => type === 'note'),
    { text: /connection lost/ },
  )
  t.same(tasks, [
    `a file ${folder}/planned: changed`,
    'a command ask: changed',
    `a file ${folder}/planned: ok`,
  ])
})

t.test('a command that ran before the connection was lost is not told as skipped', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const made = join(folder, 'made')
  const run = `if [ ! -e '${made}' ]; then touch '${made}'; kill -9 $$; sleep 5; fi`
  const { tasks, thrown } = await testRun({ inventory }, async (play) => {
    await play('commands', { hosts: 'all' }, async (host) => {
      await host.ensure([command({ run: 'true' }), command({ name: 'make', run, creates: made })])
    })
  })
  t.equal(thrown, undefined)
  t.same(tasks, ['a command true: changed', 'a command make: changed'])
})

t.test('a run killed between a change and its handler leaves the handler due', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const handled = join(folder, 'handled')
  const note = handler(
    'restart it/now',
    async (host) => await host.ensure(cell({ path: handled, value: 'yes' })),
  )
  const conf = cell({ path: join(folder, 'conf'), value: '1', notify: note })
  const killed = new HostwrightError('INTERRUPTED', 'killed')
  let running: Run | undefined
  const first = await testRun({ inventory, started: (run) => (running = run) }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => {
      await host.ensure(conf)
      // As SIGKILL would: no handler, no tidying up.
      running?.stop(killed)
    })
  })
  t.equal(first.run.failed.size, 1)
  t.notOk(existsSync(handled))
  const second = await testRun({ inventory }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => await host.ensure(conf))
  })
  t.same(second.tasks, ['a cell conf: ok', 'a cell handled: changed'])
  t.match(
    second.events.find(({ type }) => type === 'note'),
    { text: /handler "restart it\/now" is still due/ },
  )
  const third = await testRun({ inventory }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => await host.ensure(conf))
  })
  t.same(third.tasks, ['a cell conf: ok'])
  t.notOk(existsSync('/var/lib/hostwright'), 'nothing stays on the host')
})

t.test("a handler that is due is its role's, whatever others are named", async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const ran: string[] = []
  const roles = ['one', 'two'].map((name) => {
    const restart = handler('restart', async (host) => {
      await host.$`true`
      ran.push(name)
    })
    return role({
      name,
      run: async (host) =>
        void (await host.ensure(cell({ path: join(folder, name), value: '1', notify: restart }))),
    })
  })
  let running: Run | undefined
  await testRun({ inventory, started: (run) => (running = run) }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => {
      await roles[1]!(host)
      running?.stop(new HostwrightError('INTERRUPTED', 'killed'))
    })
  })
  await testRun({ inventory }, async (play) => {
    for (const one of roles)
      await play('cells', { hosts: 'all' }, async (host) => void (await one(host)))
  })
  t.same(ran, ['one', 'two'])
  t.notOk(existsSync('/var/lib/hostwright'), 'nothing stays on the host')
})

t.test(
  'handlers run once, in the order of notification, after a failure too, and may notify others',
  async (t) => {
    const folder = await tempFolder(t)
    const inventory = await localInventory(t, ['a'])
    const order: string[] = []
    const last = handler('last', async () => void order.push('last'))
    const one = handler('one', async (host) => {
      order.push('one')
      host.notify(last)
    })
    const two = handler('two', async () => void order.push('two'))
    const otherTwo = handler('two', async () => void order.push('other two'))
    const { run } = await testRun({ inventory }, async (play) => {
      await play('cells', { hosts: 'all' }, async (host) => {
        await host.ensure([
          cell({ path: join(folder, 'a'), value: '1', notify: [two, one] }),
          cell({ path: join(folder, 'b'), value: '1', notify: [one, otherTwo] }),
        ])
        await host.ensure(cell({ path: join(folder, 'c'), value: '1', first: 'exit 1' }))
      })
    })
    t.equal(run.failed.size, 1)
    t.same(order, ['two', 'one', 'other two', 'last'])
  },
)

t.test('a handler that fails keeps none from running, and stays due alone', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const ran: string[] = []
  let broken = true
  const make = (name: string, says: string) =>
    handler(name, async (host) => {
      await host.$`true`
      if (says === 'fails' && broken) throw new Error('broken handler')
      ran.push(says)
    })
  // Two of one name share a mark on the host.
  const handlers = [make('restart', 'one'), make('restart', 'fails'), make('last', 'last')]
  const once = async (mode: 'run' | 'check' = 'run') => {
    ran.length = 0
    return await testRun({ inventory, mode }, async (play) => {
      await play('cells', { hosts: 'all' }, async (host) => {
        await host.ensure(
          handlers.map((notify, at) => cell({ path: join(folder, `c${at}`), value: '1', notify })),
        )
      })
    })
  }
  const first = await once()
  t.match(first.run.failed.get('a')?.message, /broken handler/)
  t.same(ran, ['one', 'last'])
  const check = await once('check')
  t.match(
    check.events.find(({ type }) => type === 'note'),
    { text: /handler "restart" is still due/ },
    'check mode knows',
  )
  broken = false
  await once()
  t.same(ran, ['one', 'fails'], 'both that have the mark')
  t.notOk(existsSync('/var/lib/hostwright'), 'nothing stays on the host')
})

t.test('what is no resource is refused, and no host touched', async (t) => {
  const inventory = await localInventory(t, ['a'])
  for (const bad of [false, undefined, null, 'file', {}]) {
    const { run } = await testRun({ inventory }, async (play) => {
      await play('cells', { hosts: 'all' }, async (host) => {
        await host.ensure([bad as never])
      })
    })
    t.match(run.failed.get('a'), {
      code: 'PLAYBOOK_INVALID',
      message: /Cannot ensure ".*" on "a": it is no resource/,
      place: { file: /ensure\.ts$/ },
    })
    t.notOk(run.touched)
  }
})

t.test(
  'a second run is refused while the first holds the lock, and waits for what a dead one left',
  async (t) => {
    const folder = await tempFolder(t)
    const inventory = await localInventory(t, ['a'])
    await testRun({ inventory }, async (play) => {
      await play('holder', { hosts: 'all' }, async (host) => {
        await host.ensure(cell({ path: join(folder, 'one'), value: '1' }))
        const second = await testRun({ inventory, playbook: 'other' }, async (again) => {
          await again(
            'second',
            { hosts: 'all' },
            async (other) => await other.ensure(cell({ path: join(folder, 'two'), value: '2' })),
          )
        })
        const error = second.run.failed.get('a')
        t.match(error, {
          code: 'HOST_LOCKED',
          message: /held by .*process \d+\), test, run .*, since 2/,
        })
        const reader = await testRun({ inventory, mode: 'check' }, async (again) => {
          await again(
            'check',
            { hosts: 'all' },
            async (other) => await other.ensure(cell({ path: join(folder, 'two'), value: '2' })),
          )
        })
        t.same(reader.tasks, ['a cell two: changed'], 'check mode needs no lock')
      })
    })
    t.same(readdirSync(folder), ['one'])
  },
)

/** Where this machine, as a host, has its lock. */
function lockFolder(): string {
  const id = process.getuid?.()
  return id === 0 ? '/run/hostwright' : `${process.env['XDG_RUNTIME_DIR']}/hostwright-${id}`
}

t.test('the shell of a run that has just ended is waited for', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const lock = lockFolder()
  const born = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[19]
  const script = `mkdir -p -m 0700 ${lock}; exec 9<>${lock}/lock; flock 9
    printf '%s\\n' '${process.pid} ${born}' ending >${lock}/lock; echo locked; sleep 0.5; : >${lock}/lock`
  const ending = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => ending.stdout.once('data', resolve))
  const { tasks } = await testRun({ inventory }, async (play) => {
    await play('next', { hosts: 'all' }, async (host) => {
      await host.ensure(cell({ path: join(folder, 'one'), value: '1' }))
    })
  })
  t.same(tasks, ['a cell one: changed'])

  // Another run gives the lock up for a new one while this one waits for it.
  const givenUp = spawn(
    'sh',
    [
      '-c',
      `exec 9<>${lock}/lock; flock 9; echo locked; sleep 0.5; rm ${lock}/lock; : >${lock}/lock`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await new Promise((resolve) => givenUp.stdout.once('data', resolve))
  await testRun({ inventory }, async (play) => {
    await play('next', { hosts: 'all' }, async (host) => {
      await host.ensure(cell({ path: join(folder, 'one'), value: '2' }))
      t.equal(spawnSync('flock', ['-n', `${lock}/lock`, 'true']).status, 1, 'the new one is taken')
    })
  })
})

t.test('a lock that two runs give up at once is had by one of them', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  // The one that removes it first is slow to do so.
  const rm = `mkdir ${folder}/slow 2>/dev/null && sleep 1.5\nexec /bin/rm "$@"`
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/rm'), `#!/bin/sh\n${rm}\n`, { mode: 0o755 })
  const path = process.env['PATH']
  process.env['PATH'] = `${folder}/bin:${path}`
  t.teardown(() => (process.env['PATH'] = path))
  const lock = lockFolder()
  // As a daemon that a command has left behind would keep it.
  const script = `mkdir -p -m 0700 ${lock}; exec 9<>${lock}/lock; flock 9; : >${lock}/lock; echo; cat`
  const kept = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  await new Promise((resolve) => kept.stdout.once('data', resolve))
  const holds = async () =>
    await testRun({ inventory }, async (play) => {
      await play('cells', { hosts: 'all' }, async (host) => {
        await host.ensure(cell({ path: join(folder, 'one'), value: '1' }))
        await sleep(4_000)
      })
    })
  const runs = await Promise.all([holds(), holds()])
  kept.stdin.end()
  const failures = runs.flatMap(({ run }) => [...run.failed.values()])
  t.match(failures, [{ code: 'HOST_LOCKED', message: /held by/ }])
  t.equal(failures.length, 1)

  // One gives it up, and before it is gone its keeper ends and another run takes it.
  rmSync(join(folder, 'slow'), { recursive: true })
  const ending = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  await new Promise((resolve) => ending.stdout.once('data', resolve))
  const giving = holds()
  while (!existsSync(join(folder, 'slow'))) await sleep(50)
  ending.stdin.end()
  const either = await Promise.all([giving, holds()])
  const others = either.flatMap(({ run }) => [...run.failed.values()])
  t.match(others, [{ code: 'HOST_LOCKED', message: /held by/ }])
  t.equal(others.length, 1)

  // As a run that was killed while it gave up a lock leaves it.
  writeFileSync(join(lock, 'giving-up'), '')
  t.equal((await holds()).run.failed.size, 0)
  t.notOk(existsSync(join(lock, 'giving-up')))
})

t.test('a lock that cannot be opened is an error that says so', async (t) => {
  const inventory = await localInventory(t, ['a'])
  const { run } = await testRun({ inventory }, async (play) => {
    const lock = `${lockFolder()}/lock`
    rmSync(lock, { force: true })
    mkdirSync(lock, { recursive: true, mode: 0o700 })
    t.teardown(() => rmSync(lock, { recursive: true, force: true }))
    await play('cells', { hosts: 'all' }, async (host) => void (await host.$`true`))
  })
  t.match(run.failed.get('a'), { code: 'HOST_LOCKED', stderr: /director/ })
})

t.test('a run that has taken the lock of a lost session is not ended in its place', async (t) => {
  const inventory = await loadInventory({ sources: ['a,'] })
  const local = connect(connectionSettings(inventory.hosts.get('a')!, { kind: 'local' }))
  const other = spawn('sleep', ['60'])
  t.teardown(() => other.kill())
  const lock = lockFolder()
  const holds = (pid: number, who: string) => {
    const born = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19]
    writeFileSync(`${lock}/lock`, `${pid} ${born}\n${who}\n`)
  }
  let messages = 0
  const connection: Connection = {
    ...local,
    shell: async () => {
      const shell = await local.shell()
      return {
        ...shell,
        run: async (message) => {
          messages += 1
          if (messages > 3) throw new Error('it waits')
          const own = /hw_holder='(.*)'/.exec(message.script)?.[1]
          if (own !== undefined && messages === 1) holds(process.pid, own)
          // In the meantime the lost session has ended, and another run has come.
          if (messages === 2) holds(other.pid!, 'another run')
          return await shell.run(message)
        },
      }
    },
  }
  const session = new Session('a', connection, {
    run: 'r',
    playbook: 'test',
    limit: pLimit(1),
    assertGoing: () => undefined,
    note: () => undefined,
  })
  await alone(async () => {
    const script = `mkdir -p -m 0700 ${lock}; exec 9<>${lock}/lock; flock 9; echo; cat`
    const kept = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] })
    await happens(kept.stdout, 'data')
    await t.rejects(session.run({ script: ':' }, { locked: true }), {
      code: 'HOST_LOCKED',
      message: /held by another run/,
    })
    kept.stdin.end()
    await happens(kept, 'close')
    writeFileSync(`${lock}/lock`, '')
    await session.close()
  })
  t.equal(messages, 3)
  t.equal(other.signalCode, null, 'it lives')
})

t.test('secrets show nowhere', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const password = 'pa$$ word \'"\\ hunter2'
  const kept = secret(password)
  const { events } = await testRun({ inventory }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => {
      await host.ensure([
        directory({ path: join(folder, 'd') }),
        file({ path: join(folder, 'd', 'plain'), content: `x=${kept.reveal()}\n` }),
        file({ path: join(folder, 'd', 'secret'), content: kept }),
      ])
      await host.$`echo ${kept.reveal()}; echo ${kept.reveal()} >&2; printf %s ${kept.reveal()} | base64`
      await host.$`echo ${kept.reveal()} >&2; exit 9`
    })
  })
  t.equal(readFileSync(join(folder, 'd', 'secret'), 'utf8'), password)
  const told = JSON.stringify(events)
  t.equal(events.filter(({ type }) => type === 'failure').length, 1)
  for (const form of [
    password,
    JSON.stringify(password).slice(1, -1),
    Buffer.from(password).toString('base64').slice(0, 16),
    'hunter2',
  ])
    t.notOk(told.includes(form), `no ${form}`)
})

t.test('$ is zx on the host', async (t) => {
  const inventory = await localInventory(t, ['a'])
  const hostile = ['', ' ', "it's", '$HOME `id` \\', 'two\nlines\n', '-n', 'ü€', '*']
  const { run, thrown } = await testRun({ inventory }, async (play) => {
    await play('commands', { hosts: 'all' }, async (host) => {
      for (const word of hostile) t.equal((await host.$`printf %s ${word}`).stdout, word)
      t.equal(
        (await host.$`printf '%s|' ${hostile}`).stdout,
        hostile.map((word) => `${word}|`).join(''),
      )
      t.same((await host.$`printf 'a\nb\n'`).lines(), ['a', 'b'])
      t.equal((await host.$({ input: 'in' })`cat; echo err >&2`).stderr, 'err\n')
      t.equal((await host.$({ nothrow: true })`exit 3`).exitCode, 3)
      await t.rejects(host.$`exit 3`, {
        code: 'COMMAND_FAILED',
        exitCode: 3,
        host: 'a',
        command: 'exit 3',
      })
      await t.rejects(host.$({ timeout: 200 })`sleep 5`, { code: 'COMMAND_TIMEOUT' })
      t.equal((await host.$`echo still here`).text(), 'still here')
    })
  })
  t.equal(thrown, undefined)
  t.equal(run.failed.size, 0)
})

t.test('an orphaned command of a killed run is waited for', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const script = join(folder, 'killed.mts')
  const started = join(folder, 'started')
  const done = join(folder, 'done')
  const go = join(folder, 'go')
  writeFileSync(
    script,
    `import { existsSync } from 'node:fs'
import { testRun } from ${JSON.stringify(new URL('../fixtures/run.ts', import.meta.url).pathname)}
await testRun({ inventory: ${JSON.stringify(inventory)} }, async (play) => {
  await play('long', { hosts: 'all' }, async (host) => {
    setInterval(() => existsSync(${JSON.stringify(started)}) && process.kill(process.pid, 'SIGKILL'), 50)
    await host.$\`touch ${started}; for i in $(seq 600); do [ ! -e ${go} ] || break; sleep 0.1; done; touch ${done}\`
  })
})
`,
  )
  const child = spawn('npx', ['tsx', script], { stdio: 'inherit' })
  await new Promise((resolve) => child.on('close', resolve))
  t.notOk(existsSync(done), 'the command still runs')
  const { tasks, events } = await testRun({ inventory }, async (play) => {
    await play('next', { hosts: 'all' }, async (host) => {
      // Longer than a shell that ends is waited for.
      setTimeout(() => writeFileSync(go, ''), 4_000)
      await host.ensure(cell({ path: join(folder, 'one'), value: '1' }))
      t.ok(existsSync(done), 'the lock came after it')
    })
  })
  t.same(tasks, ['a cell one: changed'])
  t.match(
    events.find(({ type }) => type === 'note'),
    { text: /interrupted run has left/ },
  )
})

t.test('a handler that has run is not told as due after a lost connection', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const made = join(folder, 'made')
  const told = handler('told', async (host) => {
    await host.ensure(command({ run: 'true', name: 'handle' }))
  })
  const { tasks, events, thrown } = await testRun({ inventory }, async (play) => {
    await play('one', { hosts: 'all' }, async (host) => {
      await host.ensure(
        command({
          run: `touch ${made}; kill -9 $$; sleep 5`,
          creates: made,
          name: 'die',
          notify: told,
        }),
      )
    })
  })
  t.equal(thrown, undefined)
  t.same(tasks, ['a command die: changed', 'a command handle: changed'])
  const notes = events.flatMap((event) => (event.type === 'note' ? event.text : []))
  t.notOk(
    notes.some((text) => text.includes('still due')),
    notes.join('; '),
  )
})

t.test('a play ends only when all that it began has ended', async (t) => {
  let stray: Promise<unknown> = Promise.resolve()
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const { run, tasks } = await testRun({ inventory }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => {
      const bad = host.ensure(cell({ path: join(folder, 'bad'), value: '1', first: 'exit 1' }))
      stray = bad
        .catch(async () => {
          await new Promise((resolve) => setTimeout(resolve, 50))
          await host.$`touch ${join(folder, 'never')}`
        })
        .catch((error: unknown) => error)
      const slow = host.ensure(cell({ path: join(folder, 'slow'), value: '1', first: 'sleep 1' }))
      await Promise.all([bad, slow])
    })
    t.match(await stray, { code: 'INTERRUPTED', message: /the play that began this has ended/ })
  })
  t.match(run.failed.get('a'), { code: 'TASK_FAILED', task: 'cell bad' })
  t.same(
    tasks.toSorted(),
    ['a cell bad: failed', 'a cell slow: changed'],
    'what was under way is done',
  )
  t.same(readdirSync(folder), ['slow'], 'and nothing more was begun')
})

t.test('handlers in check mode are planned; what they can not know is unknown', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const known = handler('known', async (host) => {
    await host.ensure(cell({ path: join(folder, 'handled'), value: 'x' }))
  })
  const opaque = handler('opaque', async (host) => (await host.$`false`).stdout)
  const { tasks, run } = await testRun({ inventory, mode: 'check' }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => {
      await host.ensure(cell({ path: join(folder, 'one'), value: 'x', notify: [known, opaque] }))
    })
  })
  t.same([...run.failed.values()], [])
  t.same(tasks, [
    'a cell one: changed',
    'a cell handled: changed',
    'a $ false: unknown',
    'a rest of the handler: unknown',
  ])
  t.same(readdirSync(folder), [])
})

t.test('$ refuses words that are no words', async (t) => {
  const inventory = await localInventory(t, ['a'])
  const { run } = await testRun({ inventory }, async (play) => {
    await play('commands', { hosts: 'all' }, async (host) => {
      for (const word of [undefined, null, {}, secret('hunter22'), ['a', undefined], true])
        await t.rejects(host.$`echo ${word as string}`, { code: 'PLAYBOOK_INVALID' }, String(word))
    })
  })
  t.equal(run.failed.size, 0)
})

t.test("time limits are each step's own, and a limited step can notify", async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const note = handler('note', async (host) => {
    await host.ensure(cell({ path: join(folder, 'handled'), value: 'x' }))
  })
  const { tasks, run } = await testRun({ inventory }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => {
      await host.ensure([
        cell({ path: join(folder, 'one'), value: '1', timeout: 20_000, notify: note }),
        cell({ path: join(folder, 'two'), value: '2', first: 'sleep 2' }),
        cell({ path: join(folder, 'three'), value: '3', timeout: 20_000 }),
        cell({ path: join(folder, 'four'), value: '4', first: 'sleep 5', timeout: 300 }),
      ])
    })
  })
  t.same(tasks, [
    'a cell one: changed',
    'a cell two: changed',
    'a cell three: changed',
    'a cell four: failed',
    'a cell handled: changed',
  ])
  t.match(run.failed.get('a'), { code: 'COMMAND_TIMEOUT', task: 'cell four' })
})

t.test('a guard that is met keeps what an earlier attempt has left due', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const seen: string[] = []
  const note = handler('note', async () => void seen.push('handled'))
  const made = join(folder, 'made')
  const { tasks } = await testRun({ inventory }, async (play) => {
    await play('cells', { hosts: 'all' }, async (host) => {
      await host.ensure(
        command({
          name: 'make',
          run: `touch ${made}; false`,
          creates: made,
          notify: note,
          retries: 1,
          delay: 10,
        }),
      )
    })
  })
  t.same(tasks, ['a command make: changed'])
  t.same(seen, ['handled'])
})
