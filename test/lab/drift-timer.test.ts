import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import type { DriftRecord } from '../../lib/drift/index.js'
import { fact } from '../../lib/facts/fact.js'
import { authorizedKey, sshHostKeys } from '../../lib/resources/index.js'
import { driftTimer, driftTimerKey } from '../../roles/drift_timer/index.js'
import { drifting } from '../fixtures/drifting.js'
import { useLab } from '../fixtures/lab.js'
import { useReceiver } from '../fixtures/receiver.js'
import { tempFolder, testRun } from '../fixtures/run.js'
import { fixtureForSite, serveSite } from '../fixtures/site-repository.js'
import { on as onHost } from '../fixtures/on-host.js'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const exec = promisify(execFile)
const keys = fact<readonly string[]>('keys')
/** The target and the controllers, of both families. */
const options = {
  name: 'tdrift2',
  subnet: '198.18.50.32/27',
  hosts: { target: {}, debian: {}, el9: { image: 'el9' } },
} as const
const controllers = ['debian', 'el9'] as const
const target = '198.18.50.43'
const gateway = '198.18.50.33'

t.test(
  'drift_timer: the timer fires, and tells of drift once',
  { skip: process.env['HOSTWRIGHT_TEST'] !== 'all' && 'only with HOSTWRIGHT_TEST=all' },
  async (t) => {
    const lab = await useLab(t, options)
    const on = async (host: string, command: string) => await onHost(lab, host, command)
    const { hosts } = await lab.load()
    const inventory = join(await tempFolder(t), 'hosts.yml')
    await writeFile(inventory, JSON.stringify({ all: { hosts } }))
    const site = await serveSite(t, gateway)
    const playbook = await fixtureForSite('playbooks/drifting.ts')
    const first = await site.commit({
      'playbooks/drifting.ts': playbook,
      'drifting.ts': await fixtureForSite('drifting.ts'),
      'hosts.yml': `all: { hosts: { target: { ansible_host: ${target}, ansible_user: root } } }\n`,
    })
    for (const name of controllers) {
      await deliverNode(lab.sshCommand(name))
      // systemd lets timers be late by a minute.
      const more = '/etc/systemd/system/hostwright-drift.timer.d'
      await on(name, `mkdir ${more}; printf '[Timer]\nAccuracySec=1s\n' >${more}/lab.conf`)
    }
    const { url, received } = await useReceiver(t, [], gateway)
    /** What a controller has told; its name stands before what has to be quoted. */
    const toldBy = (name: string) =>
      received.flatMap(({ path, body }) => (path === `/${name}'b%22$c` ? [body] : []))
    // A check that comes before its key has told that the target is unknown.
    const toldOfDrift = (name: string) =>
      toldBy(name).filter(({ found }) => Array.isArray(found) && found.length > 0)
    const converge = async (revision: string) => {
      const { run, thrown, tasks } = await testRun({ inventory }, async (play) => {
        await play('Target', { hosts: 'target', become: true }, async (host) => {
          const [own] = await host.ensure([sshHostKeys()])
          await host.publish(
            keys,
            own.output.map(({ type, key }) => `${target} ${type} ${key}`),
          )
          await drifting(host)
        })
        await play('Timer', { hosts: 'all', become: true }, async (host) => {
          if (host.name !== 'target')
            return void (await driftTimer(host, {
              git: site.git,
              revision,
              playbook: 'playbooks/drifting.ts',
              inventory: 'hosts.yml',
              calendar: '*:*:0/10',
              randomizedDelay: 0,
              environment: { HOSTWRIGHT_NOTIFY_WEBHOOK: `${url}/${host.name}'b"$c` },
              flags: ['--report', '/var/lib/hostwright-drift/drift.prom'],
              knownHosts: [...(await host.peer('target').fact(keys))],
            }))
          for (const name of controllers) {
            const key = await host.peer(name).fact(driftTimerKey)
            await host.ensure(authorizedKey({ user: 'root', key, options: 'restrict' }))
          }
        })
      })
      t.equal(thrown, undefined)
      t.same([...run.failed.values()], [])
      return tasks.filter((task) => task.endsWith(': changed')).toSorted()
    }
    await converge(first)
    t.same(await converge(first), [], 'converged')

    const history = '/var/lib/hostwright-drift/.hostwright/drift/drifting/*/*.json'
    const count = async (name: string) => Number(await on(name, `ls ${history} | wc -l`))
    /** Waits until each controller has looked so many times more. */
    const nextRecords = async (more: number) => {
      for (const name of controllers) {
        const wanted = (await count(name)) + more
        for (let tries = 0; (await count(name)) < wanted; tries += 1) {
          if (tries > 60) throw new Error(await on(name, 'journalctl -u hostwright-drift'))
          await sleep(2_000)
        }
      }
    }
    const newest = async (name: string) =>
      JSON.parse(await on(name, `ls ${history} | tail -n 1 | xargs cat`)) as DriftRecord
    // Then what the check before the last has told has come, also that the target is known again.
    await nextRecords(3)
    const before = new Map(controllers.map((name) => [name, toldBy(name).length]))
    for (const name of controllers) t.same(toldOfDrift(name), [], `${name}: nothing has drifted`)
    await on('target', 'echo by hand >>/etc/drift.text')
    await nextRecords(3)
    for (const name of controllers) {
      t.match(toldOfDrift(name), [
        { found: [{ host: 'target', task: 'file /etc/drift.text', side: 'host' }] },
      ])
      t.equal(toldBy(name).length, before.get(name)! + 1, `${name}: one message, and no other`)
      t.match(
        await on(name, 'cat /var/lib/hostwright-drift/drift.prom'),
        'hostwright_drift_hosts{playbook="drifting",inventory="/opt/hostwright-drift/hosts.yml",state="drift"} 1',
      )
      t.match(await on(name, 'systemctl show -p Result hostwright-drift'), 'Result=success')
      const exposure = await on(
        name,
        'systemd-analyze security hostwright-drift.service | tail -n 1',
      )
      const [, figure] = /: ([\d.]+) OK/.exec(exposure) ?? []
      t.ok(Number(figure) <= 2, exposure)
    }

    // The timer goes on: the new revision comes between two checks.
    const second = await site.commit({
      'playbooks/drifting.ts': playbook.replace(/\bconst more = .*/, "const more = 'more\\n'"),
    })
    t.same(await converge(second), [
      ...controllers.map(
        (name) =>
          `${name} command check out ${second.slice(0, 12)} in /opt/hostwright-drift: changed`,
      ),
      'target file /etc/drift.text: changed',
    ])
    t.same(await converge(second), [], 'converged')
    await nextRecords(2)
    for (const name of controllers) {
      t.equal(await on(name, 'git -C /opt/hostwright-drift rev-parse HEAD'), second)
      t.match(await newest(name), {
        failure: undefined,
        hosts: { target: { state: 'drift' } },
        findings: [{ task: 'file /etc/drift.more', state: 'continuing', side: 'code' }],
      })
      t.notOk(
        toldBy(name).some((body) => 'failure' in body),
        'no check has lost its packages while it ran',
      )
      t.match(toldOfDrift(name), [{}, { found: [{ task: 'file /etc/drift.more' }] }])
      t.equal(toldOfDrift(name).length, 2, `${name}: it is told once`)
      t.match(await on(name, 'systemctl show -p Result hostwright-drift'), 'Result=success')
      await on(name, 'systemctl stop hostwright-drift.timer')
    }
  },
)

/** Node and npm, which the role wishes to be there; no package that the lab serves is new enough. */
async function deliverNode([program = '', ...args]: readonly string[]): Promise<void> {
  const { stdout } = await exec('npm', ['root', '--global'])
  const [node, npm] = [process.execPath.slice(1), `${stdout.trim().slice(1)}/npm`]
  const script = [
    'set -e; cd /usr/local; tar -xf -; chmod -R go+rX bin lib',
    'ln -s ../lib/node_modules/npm/bin/npm-cli.js bin/npm',
  ].join('\n')
  const renamed = [`s,^${node}$,bin/node,`, `s,^${npm},lib/node_modules/npm,`]
  const tar = spawn(
    'tar',
    ['-chf', '-', ...renamed.flatMap((one) => ['--transform', one]), '-C', '/', node, npm],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ssh = spawn(program, [...args, script], { stdio: [tar.stdout, 'inherit', 'inherit'] })
  const [code] = (await once(ssh, 'close')) as [number | null]
  if (code !== 0) throw new Error(`Node could not be delivered: exit status ${code}`)
}
