import t from 'tap'
import { fact } from '../../lib/facts/fact.js'
import type { Host } from '../../lib/host/index.js'
import {
  command,
  directory,
  file,
  group,
  lineInFile,
  symlink,
  user,
} from '../../lib/resources/index.js'
import { useLab } from '../fixtures/lab.js'
import { testRun } from '../fixtures/run.js'
import { manyOptions } from '../fixtures/inventories/many/hosts.js'

const inventory = 'test/fixtures/inventories/many'
const number = fact<number>('number')

/** 100 resources of the kinds that hosts are made of. */
function hundred() {
  const each = <T>(count: number, make: (at: number) => T) =>
    Array.from({ length: count }, (_, at) => make(at))
  return [
    ...each(20, (at) => directory({ path: `/srv/d${at}`, mode: '0750' })),
    ...each(30, (at) => file({ path: `/srv/d0/f${at}`, content: `text ${at}\n`, mode: '0640' })),
    ...each(20, (at) =>
      lineInFile({
        path: '/srv/d1/lines',
        line: `key${at} = ${at}`,
        regexp: new RegExp(`^key${at} =`),
        create: true,
      }),
    ),
    ...each(10, (at) => symlink({ path: `/srv/d2/l${at}`, target: `/srv/d0/f${at}` })),
    ...each(5, (at) => group({ name: `group${at}` })),
    ...each(5, (at) => user({ name: `user${at}`, group: `group${at}` })),
    ...each(10, (at) => command({ run: `touch /srv/d3/c${at}`, creates: `/srv/d3/c${at}` })),
  ]
}

t.test('twenty hosts', async (t) => {
  await useLab(t, manyOptions)

  await t.test('100 resources on one host: converged in at most 3 round trips', async (t) => {
    const once = async (mode: 'run' | 'check') =>
      await testRun({ inventory, mode, limit: 'node01' }, async (play) => {
        await play(
          'hundred',
          { hosts: 'all', become: true },
          async (host) => await host.ensure(hundred()),
        )
      })
    const planned = await once('check')
    const first = await once('run')
    t.same([...first.run.failed.values()], [])
    t.equal(first.tasks.length, 100)
    const second = await once('run')
    t.same(
      new Set(second.tasks.map((task) => task.split(': ').at(-1))),
      new Set(['ok', 'skipped']),
      'converged',
    )
    t.ok(second.roundTrips('node01') <= 3, `${second.roundTrips('node01')} round trips`)
    t.comment(
      `round trips: first ${first.roundTrips('node01')}, converged ${second.roundTrips('node01')}`,
    )
    const changed = (run: typeof first) => run.tasks.filter((task) => task.endsWith(': changed'))
    t.same(changed(planned), changed(first), 'check mode had planned what was made')
  })

  await t.test('all converge in one run, each with a fact of its neighbour', async (t) => {
    const body = async (host: Host) => {
      const at = host.hosts.indexOf(host.name)
      await host.publish(number, at)
      const next = host.hosts[(at + 1) % host.hosts.length]!
      const theirs = await host.peer(next).fact(number)
      await host.ensure([
        directory({ path: '/srv/many' }),
        file({ path: '/srv/many/neighbour', content: `${next} ${theirs}\n` }),
      ])
    }
    for (const status of ['changed', 'ok']) {
      const { run, tasks } = await testRun({ inventory }, async (play) => {
        await play('many', { hosts: 'all', become: true }, body)
      })
      t.same([...run.failed.values(), ...run.unreachable.values()], [])
      t.equal(tasks.filter((task) => task.endsWith(`: ${status}`)).length, 40, status)
    }
    const few = await testRun({ inventory, forks: 2 }, async (play) => {
      await play('many', { hosts: 'all', become: true }, body)
    })
    t.same([...few.run.failed.values()], [], 'two at a time, who wait for one another')
  })
})
