import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { useLab } from '../fixtures/lab.js'
import { killedOptions } from '../fixtures/inventories/killed/hosts.js'
import { runPlaybook, startPlaybook } from '../fixtures/playbook.js'

const all = process.env['HOSTWRIGHT_TEST'] === 'all'
/** Each point costs minutes: what is not asked for in full is the database and its two worst points. */
const part = all ? [] : ['--tags', 'cluster_hosts,firewalld,mariadb_master_master']
const args = ['-i', 'test/fixtures/inventories/killed', '--output', 'json', ...part]

/** Which change of a first run is under way when the controller dies, and how long, in milliseconds. */
const points: readonly (readonly [change: number, delay: number])[] = [
  [5, 3_000],
  [13, 50],
  [1, 0],
  [9, 300],
  [24, 500],
  [34, 3_000],
  [50, 100],
  [66, 2_000],
  [84, 0],
  [100, 1_000],
]
const chosen = all ? points : points.slice(0, 2)
t.comment(`${chosen.length} of ${points.length} points; npm run test:all tries them all`)

t.test('a controller killed at any point of a first run: the next run converges', async (t) => {
  const lab = await useLab(t, killedOptions)
  for (const [change, delay] of chosen) {
    const name = `killed ${delay} ms into change ${change}`
    await lab.reset()
    let begun = 0
    const first = startPlaybook('playbooks/site.ts', args, {
      onEvent: ({ type }, child) => {
        if (type !== 'start') return
        begun += 1
        if (begun === change) void sleep(delay).then(() => child.kill('SIGKILL'))
      },
    })
    const killed = await first.finished
    t.equal(killed.signal, 'SIGKILL', name)
    const next = await runPlaybook('playbooks/site.ts', args)
    const failures = next.events.filter(({ type }) => type === 'failure')
    t.equal(next.exitCode, 0, `${name}: the next run: ${JSON.stringify(failures)} ${next.stderr}`)
    const last = await runPlaybook('playbooks/site.ts', args)
    for (const [host, recap] of Object.entries(last.recap?.hosts ?? {}))
      t.match(recap, { changed: 0, failed: 0, unreachable: 0 }, `${name}: ${host} has converged`)
    t.equal(last.exitCode, 0)
  }
})
