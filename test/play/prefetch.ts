import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import * as fc from 'fast-check'
import t, { type Test } from 'tap'
import { secret } from '../../lib/core/secret.js'
import type { Host } from '../../lib/host/index.js'
import { readAsked } from '../../lib/play/asked.js'
import { probeKind } from '../../lib/resources/define.js'
import { tcp } from '../../lib/resources/probes/tcp.js'
import { cell, text } from '../fixtures/cell.js'
import { localInventory, tempFolder, testRun } from '../fixtures/run.js'
import { startSshd, type PrivateSshd } from '../connection/private-sshd.js'

const exec = promisify(execFile)

t.test('readAsked() keeps questions that can be read back and hold no secret', async (t) => {
  const file = join(await tempFolder(t), 'asked', 'site.json')
  const login = probeKind<{ readonly password: unknown }, null>({
    name: 'login',
    id: ({ password }) => String(password),
    script: () => ':',
    parse: () => [null],
  })
  const hidden = secret('a password that never shows')
  const asked = readAsked(file)
  t.strictSame(asked.of('a', ''), [], 'nothing is known of a first run')
  const plain = [text('/etc/one'), text('/etc/two')]
  asked.keep('a', '', [
    ...plain,
    login({ password: hidden }),
    login({ password: hidden.reveal() }),
    text(`/etc/${hidden.reveal()}`),
  ])
  asked.keep('b', '', plain)
  asked.keep('b', 'admin', [text('/etc/three')])
  asked.save()
  t.equal(statSync(file).mode & 0o777, 0o600)
  const written = readFileSync(file, 'utf8')
  t.notMatch(written, hidden.reveal())
  t.equal(written.match(/one/g)?.length, 1, 'hosts that are alike share a list')
  const again = readAsked(file)
  const ids = (host: string, user: string) => again.of(host, user).map(({ id }) => id)
  t.strictSame(ids('a', ''), ['text:/etc/one', 'text:/etc/two'])
  t.strictSame(ids('b', ''), ids('a', ''))
  t.strictSame(ids('b', 'admin'), ['text:/etc/three'])
  const made = statSync(file).ino
  again.save()
  t.equal(statSync(file).ino, made, 'what is the same is not written again')
  again.keep('c', '', plain)
  again.save()
  t.not(statSync(file).ino, made)
  for (const broken of ['', '{"lists":[[["text"', '{"lists":[],"hosts":{"a":{"":7}}}', '[]']) {
    writeFileSync(file, broken)
    t.strictSame(readAsked(file).of('a', ''), [], broken)
  }
  writeFileSync(
    file,
    '{"lists":[[["no such kind",1],["login",null],["text","/e"]]],"hosts":{"a":{"":0}}}',
  )
  t.strictSame(ids('a', '').length, 2)
  t.strictSame(
    readAsked(file)
      .of('a', '')
      .map(({ id }) => id),
    ['text:/e'],
    'what this version does not know is left out',
  )
})

/** This machine as a host behind ssh. */
async function sshInventory(
  t: Test,
  { sshd, hosts = ['a'] }: { readonly sshd?: PrivateSshd; readonly hosts?: readonly string[] } = {},
): Promise<string> {
  if (!sshd) {
    const own = (sshd = await startSshd(await tempFolder(t)))
    t.teardown(async () => await own.stop())
  }
  const vars = {
    ansible_connection: 'ssh',
    ansible_host: '127.0.0.1',
    ansible_port: sshd.port,
    ansible_user: 'root',
    ansible_ssh_private_key_file: join(sshd.folder, 'user'),
    ansible_ssh_common_args: `-o UserKnownHostsFile=${join(sshd.folder, 'known_hosts')}`,
  }
  const file = join(await tempFolder(t), 'hosts.yml')
  writeFileSync(
    file,
    JSON.stringify({ all: { hosts: Object.fromEntries(hosts.map((name) => [name, vars])) } }),
  )
  return file
}

/** Runs a play twice, and gives what the second run told and cost. */
async function twice(
  t: Test,
  body: (host: Host, folder: string, turn: number) => Promise<unknown>,
) {
  const folder = await tempFolder(t)
  const inventory = await sshInventory(t)
  const run = async (turn: number) => {
    const asked = readAsked(join(folder, 'asked.json'))
    const ran = await testRun({ inventory, asked }, async (play) => {
      await play('cells', { hosts: 'all' }, async (host) => void (await body(host, folder, turn)))
    })
    t.equal(ran.thrown, undefined)
    t.equal(ran.run.failed.size, 0, [...ran.run.failed.values()].join())
    return ran
  }
  await run(0)
  return await run(1)
}

t.test('a run asks in its first message what the last one asked', async (t) => {
  const { roundTrips, tasks } = await twice(t, async (host, folder) => {
    await host.facts()
    await host.ensure(cell({ path: join(folder, 'one'), value: '1' }))
    await host.ensure(cell({ path: join(folder, 'two'), value: '2' }))
    await host.ensure(cell({ path: join(folder, 'one'), value: '1' }))
  })
  t.equal(roundTrips('a'), 1)
  t.same(tasks, ['a cell one: ok', 'a cell two: ok', 'a cell one: ok'])
})

t.test('a run connects at a play’s start to what the last one asked', async (t) => {
  const folder = await tempFolder(t)
  const sshd = await startSshd(await tempFolder(t))
  const inventory = await sshInventory(t, { sshd, hosts: ['a', 'b'] })
  // Two names of one machine: check mode takes no lock.
  const file = join(folder, 'asked.json')
  let kept = ''
  const run = async (body: (host: Host) => Promise<unknown>, forks = 50) => {
    writeFileSync(file, kept)
    const asked = readAsked(file)
    const ran = await testRun({ inventory, asked, mode: 'check', forks }, async (play) => {
      await play('cells', { hosts: 'all' }, async (host) => void (await body(host)))
    })
    return ran.run
  }
  const ensure = async (host: Host) =>
    await host.ensure(cell({ path: join(folder, 'one'), value: '1' }))
  await run(ensure)
  kept = readFileSync(file, 'utf8')
  await sshd.stop()
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.destroy()
  }).listen(sshd.port, '127.0.0.1')
  t.teardown(() => server.close())
  const taken = (): number => {
    const count = connections
    connections = 0
    return count
  }

  const idle = await run(async () => await sleep(100))
  t.equal(taken(), 2)
  t.same([idle.failed.size, idle.unreachable.size], [0, 0], 'nobody has wanted anything of them')

  const pending = await run(ensure)
  t.match(pending.unreachable.get('a'), { code: 'HOST_UNREACHABLE' })
  t.equal(taken(), 2, 'what waits for the connection shares its failure')

  const later = await run(async (host) => {
    await sleep(200)
    await ensure(host)
  })
  t.match(later.unreachable.get('b'), { code: 'HOST_UNREACHABLE' })
  t.equal(taken(), 4, 'what comes later tries anew')

  await run(async () => undefined, 1)
  await sleep(200)
  t.ok(taken() <= 1, 'nothing is connected to when its turn comes after the end')
})

t.test(
  'an answer is not used once anything may have changed, nor twice at one place',
  async (t) => {
    const changes: Readonly<
      Record<string, (host: Host, path: string, folder: string) => Promise<unknown>>
    > = {
      'a command': async (host, path) => await host.$`echo -n changed >${path}`,
      'a resource': async (host, path, folder) =>
        await host.ensure(
          cell({
            path: join(folder, 'other'),
            value: `${Math.random()}`,
            first: `printf changed >${path}`,
          }),
        ),
      'a program that the playbook runs here': async (_, path) =>
        await exec('sh', ['-c', `printf changed >${path}`]),
    }
    for (const [name, change] of Object.entries(changes)) {
      const { tasks } = await twice(t, async (host, folder, turn) => {
        const path = join(folder, 'file')
        await host.ensure(cell({ path: join(folder, 'first'), value: '1' }))
        if (turn === 1) await change(host, path, folder)
        await host.ensure(cell({ path, value: 'right' }))
        t.equal(readFileSync(path, 'utf8'), 'right', name)
      })
      t.equal(tasks.at(-1), 'a cell file: changed', name)
    }
    const seen: string[] = []
    await twice(t, async (host, folder) => {
      const path = join(folder, 'file')
      for (const value of ['1', '2', '3']) {
        const [{ output }] = await host.ensure([cell({ path: `${path}.asked`, value: '' })])
        seen.push(output)
        // Behind the engine's back, as another machine would.
        writeFileSync(`${path}.asked`, value)
        const [again] = await host.ensure([watch({ path: `${path}.asked` })])
        seen.push(again.output)
        writeFileSync(`${path}.asked`, '')
      }
    })
    t.same(seen.slice(-4), ['', '2', '', '3'])
  },
)

/** Only looks. */
const watch = ({ path }: { readonly path: string }) =>
  cell({ path, value: existsSync(path) ? readFileSync(path, 'utf8') : '' })

t.test('this machine is asked when it is needed: a playbook changes it by itself', async (t) => {
  const folder = await tempFolder(t)
  const path = join(folder, 'file')
  const inventory = await localInventory(t, ['a'])
  for (const turn of [0, 1]) {
    const asked = readAsked(join(folder, 'asked.json'))
    const { tasks } = await testRun({ inventory, asked }, async (play) => {
      await play('cells', { hosts: 'all' }, async (host) => {
        await host.ensure(cell({ path: join(folder, 'first'), value: '1' }))
        if (turn === 1) writeFileSync(path, 'changed')
        await host.ensure(cell({ path, value: 'right' }))
      })
    })
    t.equal(tasks.at(-1), 'a cell file: changed')
  }
})

t.test('what waits for something is asked only when it is needed', async (t) => {
  const asked = readAsked(join(await tempFolder(t), 'asked.json'))
  t.equal(tcp({ host: '127.0.0.1', port: 1 }).kind.onDemand?.(null as never), true)
  t.strictSame(asked.of('a', ''), [])
})

t.test('a run with it and a run without it do the same', { timeout: 300_000 }, async (t) => {
  const inventory = await sshInventory(t)
  const root = await tempFolder(t)
  const value = fc.constantFrom('1', '2')
  const path = fc.constantFrom('w', 'x', 'y', 'z')
  const step = fc.record({
    what: fc.constantFrom('ensure', 'ensure', 'ensure', 'command', 'read', 'facts', 'local'),
    cells: fc.array(fc.tuple(path, value), { minLength: 1, maxLength: 3 }),
  })
  let number = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 2, maxLength: 8 }),
      fc.array(fc.tuple(path, value), { maxLength: 2 }),
      async (steps, between) => {
        const told: unknown[] = []
        for (const prefetch of [false, true]) {
          number += 1
          const folder = join(root, String(number))
          mkdirSync(folder)
          const lines: string[] = []
          for (const turn of [0, 1]) {
            if (turn === 1)
              for (const [name, now] of between) writeFileSync(join(folder, name), now)
            const asked = prefetch ? readAsked(join(folder, 'asked.json')) : undefined
            const { events, run } = await testRun({ inventory, asked }, async (play) => {
              for (const { what, cells } of steps)
                await play(what, { hosts: 'all' }, async (host) => {
                  const [[first, wish]] = cells as [[string, string]]
                  const file = join(folder, first)
                  if (what === 'facts') lines.push((await host.facts()).family)
                  else if (what === 'command') await host.$`printf ${wish} >${file}`
                  else if (what === 'read')
                    lines.push(
                      (await host.$({ readOnly: true, nothrow: true })`cat ${file}`).stdout,
                    )
                  else if (what === 'local') await exec('sh', ['-c', `printf ${wish} >${file}`])
                  else
                    for (const [result] of [
                      await host.ensure(
                        cells.map(([one, to]) => cell({ path: join(folder, one), value: to })),
                      ),
                    ])
                      lines.push(result?.output ?? '')
                })
            })
            t.same([...run.failed.values()].map(String), [])
            // In one play, what has to wait for nothing may be told before what stands in front of it.
            const plays: string[][] = []
            for (const event of events)
              if (event.type === 'play') plays.push([])
              else if (event.type === 'task') plays.at(-1)?.push(`${event.task}: ${event.status}`)
            lines.push(...plays.flatMap((tasks) => tasks.toSorted()))
          }
          for (const name of ['w', 'x', 'y', 'z']) {
            const file = join(folder, name)
            lines.push(existsSync(file) ? readFileSync(file, 'utf8') : 'absent')
          }
          told.push(lines)
        }
        t.strictSame(told[1], told[0])
        return JSON.stringify(told[1]) === JSON.stringify(told[0])
      },
    ),
    { numRuns: 12 },
  )
})
