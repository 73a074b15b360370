import t from 'tap'
import { HostwrightError } from '../../lib/core/errors.js'
import { check, type Check, type CheckOptions } from '../../lib/play/check.js'
import { requireChecks } from '../../lib/play/requireChecks.js'
import type { Mode } from '../../lib/host/index.js'
import type { CheckEvent } from '../../lib/report/events.js'
import { localInventory, testRun } from '../fixtures/run.js'

type Body = Parameters<Parameters<Parameters<typeof testRun>[1]>[0]>[2]

t.test('check()', async (t) => {
  const inventory = await localInventory(t, ['a'], '    ansible_become: false\n')
  const run = async (body: Body, options: { mode?: Mode; tags?: readonly string[] } = {}) =>
    await testRun({ inventory, ...options }, async (play) => {
      await play('Checks', { hosts: 'a' }, body)
    })
  const seen = ({ events }: { readonly events: readonly { readonly type: string }[] }) =>
    events.filter((event): event is CheckEvent => event.type === 'check')

  await t.test('reports what holds and what does not, and goes on', async (t) => {
    const finished = await run(async (host) => {
      await check(host, 'one', async () => await host.$({ readOnly: true })`true`)
      await check(host, 'two', async () => await host.$({ readOnly: true })`echo oh >&2; exit 3`)
      await check(host, 'three', () => Promise.reject(new Error('it is 4')))
      await check(host, 'four', () =>
        Promise.reject(new HostwrightError('CHECK_FAILED', 'Cannot be', { hint: 'be' })),
      )
    })
    t.equal(finished.thrown, undefined)
    t.equal(finished.run.failed.size, 0, 'it ends no play')
    t.match(seen(finished), [
      { host: 'a', check: 'one', result: 'passed', error: undefined },
      { check: 'two', result: 'failed', error: { code: 'COMMAND_FAILED', exitCode: 3 } },
      {
        check: 'three',
        result: 'failed',
        error: { code: 'CHECK_FAILED', message: 'Cannot verify "three": it is 4', host: 'a' },
      },
      { check: 'four', error: { message: 'Cannot be', hint: 'be' } },
    ])
  })

  await t.test('tries again for as long as it is told', async (t) => {
    let tries = 0
    const finished = await run(async (host) => {
      const third = async () => {
        tries += 1
        if (tries < 3) await Promise.reject(new Error('not yet'))
      }
      await check(host, 'third', third, { within: 60_000 })
      await check(host, 'never', () => Promise.reject(new Error('no')), { within: 700 })
    })
    t.equal(tries, 3)
    const [third, never] = seen(finished)
    t.equal(third?.result, 'passed')
    t.equal(never?.result, 'failed')
    t.ok((never?.duration ?? 0) >= 700 && (third?.duration ?? 0) >= 1000)
  })

  await t.test('is skipped where it cannot be made', async (t) => {
    const cases: [{ mode?: Mode; tags?: readonly string[] }, CheckOptions, RegExp | undefined][] = [
      [{ mode: 'check' }, { probes: true }, /leaves something/],
      [{ mode: 'check' }, {}, undefined],
      [{ mode: 'list' }, {}, /nothing is looked at/],
      [{ tags: ['other'] }, {}, /not selected by tags/],
      [{}, { skip: 'no reason' }, /^no reason$/],
    ]
    for (const [options, how, reason] of cases) {
      let made = false
      const finished = await run(async (host) => {
        await check(host, 'it', () => Promise.resolve((made = true)), how)
      }, options)
      t.equal(made, reason === undefined)
      t.match(seen(finished), [{ result: reason === undefined ? 'passed' : 'skipped', reason }])
    }
    const listed = await run(async (host) => await check(host, 'it', () => Promise.resolve()), {
      mode: 'list',
    })
    t.same(listed.tasks, ['a check it: unknown'], '--list-tasks names it')
  })

  await t.test('what is not known in check mode is skipped', async (t) => {
    const finished = await run(
      async (host) => {
        await check(host, 'it', async () => (await host.$`echo x`).stdout.length)
      },
      { mode: 'check' },
    )
    t.match(seen(finished), [{ result: 'skipped', reason: /does not run in check mode/ }])
  })

  await t.test('ends where the run is to end', async (t) => {
    const finished = await testRun({ inventory }, async (play) => {
      await play('Checks', { hosts: 'a' }, async (host) => {
        await check(host, 'it', () =>
          Promise.reject(new HostwrightError('INTERRUPTED', 'Cannot go on')),
        )
      })
    })
    t.equal(finished.run.failed.get('a')?.code, 'INTERRUPTED')
    t.same(seen(finished), [])
  })

  await t.test('does not wait again for a host that cannot be reached', async (t) => {
    let tries = 0
    const finished = await run(async (host) => {
      const lost = async () => {
        tries += 1
        await Promise.reject(new HostwrightError('HOST_UNREACHABLE', 'Cannot', { host: 'a' }))
      }
      await check(host, 'one', lost, { within: 60_000 })
      await check(host, 'two', lost)
    })
    t.equal(tries, 1)
    t.match(seen(finished), [
      { result: 'failed', error: { code: 'HOST_UNREACHABLE' } },
      { result: 'failed', error: { code: 'HOST_UNREACHABLE' } },
    ])
  })
})

t.test('requireChecks() throws for one that has failed', async (t) => {
  const one: Check = { host: 'a', check: 'it', result: 'passed', duration: 1 }
  t.doesNotThrow(() => requireChecks([one, { ...one, result: 'skipped' }]))
  t.throws(() => requireChecks([one, { ...one, result: 'failed' }]), {
    code: 'CHECK_FAILED',
    message: 'Cannot go on without "a: it": it does not hold',
  })
})
