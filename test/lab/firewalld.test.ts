import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Mode } from '../../lib/host/index.js'
import type { Vars } from '../../lib/inventory/types.js'
import type { TaskEvent } from '../../lib/report/events.js'
import { firewalld } from '../../roles/firewalld/index.js'
import { useLab } from '../fixtures/lab.js'
import { tempFolder, testRun, type TestRun } from '../fixtures/run.js'
import { on as onHost } from '../fixtures/on-host.js'

const addresses = { one: '203.0.113.107', two: '203.0.113.108', three: '203.0.113.109' } as const
type Name = keyof typeof addresses

const ports = [{ port: 3306 }, { port: 8080, from: 'anywhere' as const }]

t.test('the role firewalld on real hosts', { timeout: 900_000 }, async (t: Test) => {
  const lab = await useLab(t, {
    name: 'fwlab',
    subnet: '203.0.113.96/27',
    hosts: { one: {}, two: { image: 'el9' }, three: {} },
  })
  const folder = await tempFolder(t)

  const on = async (host: Name, command: string) => await onHost(lab, host, command)
  /** A fresh connection, as the firewall sees it. */
  const reaches = async (from: Name, port: number, to: Name = 'one'): Promise<boolean> => {
    const open = `timeout 3 bash -c 'exec 3<>/dev/tcp/${addresses[to]}/${port}' 2>/dev/null`
    return (await on(from, `${open} && echo yes || echo no`)) === 'yes'
  }
  /** The role on host one, in a play of one and two. */
  const manage = async (
    params: Parameters<typeof firewalld>[1],
    options: { readonly mode?: Mode; readonly on?: Name; readonly vars?: Vars } = {},
  ): Promise<TestRun & { readonly changes: readonly string[] }> => {
    const { on: target = 'one', vars = {}, ...rest } = options
    const { hosts = {} } = await lab.load()
    const inventory = join(folder, 'hosts.yml')
    const { one, two, three } = hosts
    const all = { one: { ...one, ...vars }, two, three }
    await writeFile(inventory, JSON.stringify({ all: { hosts: all } }))
    const run = await testRun({ inventory, ...rest }, async (play) => {
      await play('Firewall', { hosts: 'one,two', become: true }, async (host) => {
        if (host.name === target) await firewalld(host, params)
      })
    })
    const tasks = run.events.filter((event): event is TaskEvent => event.type === 'task')
    const changes = tasks.flatMap((task) =>
      task.changes.map(({ property, from, to }) => `${property}: ${from} → ${to}`),
    )
    return { ...run, changes }
  }
  const managed = { state: 'managed', ports } as const

  await t.test('stopped, where there is no firewalld: nothing to do', async (t) => {
    const { tasks } = await manage({})
    t.same(tasks, ['one service firewalld: ok'])
  })

  await t.test('check mode tells what it knows and writes nothing', async (t) => {
    const before = await on('one', 'ls -d /etc/firewalld; sha256sum /var/lib/dpkg/status')
    const { tasks, changes } = await manage(managed, { mode: 'check' })
    t.same(tasks, [
      'one firewalldPolicy hostwright: changed',
      'one packages firewalld: changed',
      'one service firewalld: unknown',
    ])
    t.same(changes, [
      `3306/tcp from ${addresses.two}: closed → open`,
      '8080/tcp from anywhere: closed → open',
      'firewalld: absent → present',
    ])
    t.equal(await on('one', 'ls -d /etc/firewalld; sha256sum /var/lib/dpkg/status'), before)
  })

  for (const host of ['one', 'two'] as const)
    for (const port of [3306, 8080, 5000])
      await on(host, `systemd-run -q systemd-socket-activate --accept --inetd -l ${port} cat`)

  await t.test('the listed ports answer just those who need them', async (t) => {
    t.equal(await reaches('three', 3306), true, 'there was no firewall')
    const { run } = await manage(managed)
    t.equal(run.failed.size, 0)
    t.equal(
      await on('one', 'systemctl is-active firewalld; systemctl is-enabled firewalld'),
      'active\nenabled',
    )
    for (const [from, port, answer] of [
      ['two', 3306, true],
      ['three', 3306, false],
      ['three', 8080, true],
      ['two', 5000, false],
      ['two', 22, true],
      ['three', 22, true],
    ] as const)
      t.equal(await reaches(from, port), answer, `from ${from} to ${port}`)
    const second = await manage(managed)
    t.same(
      second.tasks.map((task) => task.split(': ')[1]),
      ['ok', 'ok', 'ok'],
    )
    t.ok(second.roundTrips('one') <= 3, 'the lock, the facts and the probes')
  })

  await t.test(
    'what others have set stays; what they have set in the policy does not',
    async (t) => {
      const policy = 'firewall-cmd -q --policy=hostwright'
      await on(
        'one',
        `firewall-cmd -q --zone=public --add-port=5000/tcp; ${policy} --remove-rich-rule='rule port port=8080 protocol=tcp accept'; ${policy} --permanent --add-rich-rule='rule port port=9000 protocol=tcp accept'`,
      )
      t.equal(await reaches('three', 8080), false)
      const { changes } = await manage(managed)
      t.same(changes.toSorted(), [
        '8080/tcp from anywhere: closed until firewalld reloads → open',
        '9000/tcp from anywhere: closed until firewalld reloads → closed',
      ])
      t.equal(await reaches('three', 8080), true)
      t.equal(await reaches('three', 5000), true, 'not reloaded')
      await on(
        'one',
        `${policy} --permanent --add-icmp-block=echo-request && ${policy} --add-port 9000/tcp && ${policy} --permanent --set-priority=-5 && firewall-cmd -q --permanent --zone=public --add-port=5000/tcp`,
      )
      const foreign = await manage(managed)
      t.match(foreign.changes.join('\n'), /^policy: .*priority -5.*→ .*priority 100/m)
      t.ok(foreign.changes.includes('<icmp-block name="echo-request"/>: present → absent'))
      t.equal(await reaches('three', 5000), true)
      t.same((await manage(managed)).changes, [])
    },
  )

  await t.test('ports no longer listed are closed, networks and services are let in', async (t) => {
    const wish: Parameters<typeof firewalld>[1] = {
      state: 'managed',
      ports: [{ port: '3300-3310', from: [`${addresses.three}/32`, '2001:DB8:0::/48'] }],
      services: [{ service: 'http', from: 'anywhere' }],
    }
    await manage(wish)
    t.equal(await reaches('two', 3306), false)
    t.equal(await reaches('three', 3306), true)
    t.equal(await reaches('three', 8080), false)
    t.same((await manage(wish)).changes, [])
  })

  await t.test('an unknown service is refused', async (t) => {
    const { run } = await manage({ state: 'managed', services: [{ service: 'nothing' }] })
    t.match(run.failed.get('one'), {
      code: 'TASK_FAILED',
      message: /firewalld knows no service "nothing"/,
    })
  })

  await t.test('SSH is not cut off, whoever logs in', async (t) => {
    await on(
      'one',
      'firewall-cmd -q --permanent --zone=public --remove-service=ssh; systemctl stop firewalld',
    )
    const vars = { ansible_user: 'admin', ansible_become_password: await lab.adminPassword() }
    const { run } = await manage(managed, { vars })
    t.match(run.failed.get('one'), {
      code: 'TASK_FAILED',
      message:
        /SSH from "203\.0\.113\.97" to port 22 would be cut off: neither the policy nor zone "public"/,
    })
    t.equal(await on('one', 'systemctl is-active firewalld || :'), 'inactive')
    const ssh = { port: 22, from: ['203.0.113.97'] }
    const opened = await manage({ state: 'managed', ports: [...ports, ssh] }, { vars })
    t.equal(opened.run.failed.size, 0)
    t.equal(await on('one', 'systemctl is-active firewalld'), 'active')
    t.equal(await reaches('two', 22), false)
    const closing = await manage(managed)
    t.match(closing.run.failed.get('one')?.message, /would be cut off/)
    t.equal(await on('one', 'firewall-cmd --zone=public --add-service=ssh --permanent'), 'success')
    t.equal(
      (await manage(managed)).run.failed.size,
      0,
      'the zone lets it in when firewalld reloads',
    )
  })

  await t.test('stopped', async (t) => {
    const { changes } = await manage({ state: 'stopped' })
    t.same(changes, ['enabled: yes → no', 'state: active → stopped'])
    t.equal(await reaches('three', 3306), true)
    t.same((await manage({ state: 'stopped' })).changes, [])
  })

  await t.test('the listed ports answer on EL9, where firewalld runs from the start', async (t) => {
    const el9 = { on: 'two' } as const
    t.equal(await reaches('one', 3306, 'two'), false)
    const first = await manage(managed, el9)
    t.same(first.changes, [
      `3306/tcp from ${addresses.one}: closed → open`,
      '8080/tcp from anywhere: closed → open',
    ])
    for (const [from, port, answer] of [
      ['one', 3306, true],
      ['three', 3306, false],
      ['three', 8080, true],
      ['one', 5000, false],
      ['three', 22, true],
    ] as const)
      t.equal(await reaches(from, port, 'two'), answer, `from ${from} to ${port}`)
    t.same((await manage(managed, el9)).changes, [])
    await manage({ state: 'managed', services: [{ service: 'http', from: 'anywhere' }] }, el9)
    t.equal(await reaches('one', 3306, 'two'), false, 'closed again')
    // The running one, and what the files say.
    for (const asked of ['firewall-cmd', 'firewall-offline-cmd'])
      t.equal(
        await on('two', `${asked} --policy=hostwright --list-rich-rules`),
        'rule service name="http" accept',
        asked,
      )
  })

  for (const host of ['one', 'two'] as const)
    await t.test(`masked and back, on ${host}`, async (t) => {
      await manage(managed, { on: host })
      const masked = await manage({ state: 'masked' }, { on: host })
      t.same(masked.changes, ['enabled: yes → no', 'state: active → stopped', 'masked: no → yes'])
      t.equal(await reaches('three', 3306, host), true)
      t.equal(await on(host, 'systemctl -q start firewalld 2>/dev/null || echo no'), 'no')
      for (const state of ['masked', 'stopped'] as const)
        t.same((await manage({ state }, { on: host })).changes, [], `${state} leaves it so`)
      const back = await manage(managed, { on: host })
      t.equal(back.run.failed.size, 0)
      t.same(back.changes, ['masked: yes → no', 'enabled: no → yes', 'state: inactive → started'])
      t.equal(await reaches('three', 3306, host), false)
      t.equal(await reaches('three', 8080, host), true)
      t.same((await manage(managed, { on: host })).changes, [])
    })

  await t.test('masked where there is no firewalld, before something brings it', async (t) => {
    await on('one', 'apt-get -q -y purge firewalld >/dev/null 2>&1; systemctl daemon-reload')
    t.same((await manage({ state: 'masked' })).changes, ['masked: no → yes'])
    await on('one', 'apt-get -q -y install firewalld >/dev/null 2>&1')
    t.equal(await on('one', 'systemctl is-active firewalld || :'), 'inactive')
    t.same((await manage({ state: 'masked' })).changes, [])
  })
})
