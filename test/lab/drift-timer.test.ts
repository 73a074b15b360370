import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { fact } from '../../lib/facts/fact.js'
import { authorizedKey, sshHostKeys } from '../../lib/resources/index.js'
import { driftTimer, driftTimerKey } from '../../roles/drift_timer/index.js'
import { drifting } from '../fixtures/drifting.js'
import { useLab } from '../fixtures/lab.js'
import { useReceiver } from '../fixtures/receiver.js'
import { tempFolder, testRun } from '../fixtures/run.js'
import { on as onHost } from '../fixtures/on-host.js'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const exec = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const keys = fact<readonly string[]>('keys')
const options = {
  name: 'tdrift2',
  subnet: '198.18.50.32/27',
  hosts: { target: {}, controller: {} },
} as const
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
    await deliver(lab.sshCommand('controller'))
    await on(
      'controller',
      `echo 'all: { hosts: { target: { ansible_host: ${target}, ansible_user: root } } }' >/opt/hostwright-drift/hosts.yml`,
    )
    const { url, received } = await useReceiver(t, [], gateway)
    const converge = async () =>
      await testRun({ inventory }, async (play) => {
        await play('Target', { hosts: 'target', become: true }, async (host) => {
          const [own] = await host.ensure([sshHostKeys()])
          await host.publish(
            keys,
            own.output.map(({ type, key }) => `${target} ${type} ${key}`),
          )
          await drifting(host)
        })
        await play('Timer', { hosts: 'all', become: true }, async (host) => {
          if (host.name === 'controller')
            return void (await driftTimer(host, {
              program: 'lib/cli/hostwright.mjs',
              playbook: 'test/fixtures/playbooks/drifting.ts',
              inventory: 'hosts.yml',
              calendar: '*:*:0/5',
              randomizedDelay: 0,
              environment: { HOSTWRIGHT_NOTIFY_WEBHOOK: `${url}/a'b"$c` },
              flags: ['--report', '/var/lib/hostwright-drift/drift.prom'],
              knownHosts: [...(await host.peer('target').fact(keys))],
            }))
          const key = await host.peer('controller').fact(driftTimerKey)
          await host.ensure(authorizedKey({ user: 'root', key, options: 'restrict' }))
        })
      })
    const first = await converge()
    t.equal(first.thrown, undefined)
    t.same([...first.run.failed.values()], [])
    const again = await converge()
    t.same(
      again.tasks.filter((task) => !task.endsWith(': ok')),
      [],
      'converged',
    )
    const records = async () =>
      Number(
        await on(
          'controller',
          'ls /var/lib/hostwright-drift/.hostwright/drift/drifting/*/*.json | wc -l',
        ),
      )
    const nextRecords = async (count: number) => {
      const wanted = (await records().catch(() => 0)) + count
      for (let tries = 0; (await records().catch(() => 0)) < wanted; tries += 1) {
        if (tries > 60) throw new Error(await on('controller', 'journalctl -u hostwright-drift'))
        await sleep(2_000)
      }
    }
    await nextRecords(1)
    t.equal(received.length, 0, 'nothing has drifted')
    await on('target', 'echo by hand >>/etc/drift.text')
    await nextRecords(3)
    t.equal(received.length, 1, 'it is told once')
    t.match(received[0], {
      path: `/a'b%22$c`,
      body: { found: [{ host: 'target', task: 'file /etc/drift.text', side: 'host' }] },
    })
    const metrics = await on('controller', 'cat /var/lib/hostwright-drift/drift.prom')
    t.match(
      metrics,
      'hostwright_drift_hosts{playbook="drifting",inventory="/opt/hostwright-drift/hosts.yml",state="drift"} 1',
    )
    t.match(await on('controller', 'systemctl show -p Result hostwright-drift'), 'Result=success')
    t.comment(
      await on('controller', 'systemd-analyze security hostwright-drift.service | tail -n 1'),
    )
    await on('controller', 'systemctl stop hostwright-drift.timer')
  },
)

/** Node, and the project with what it needs at run time, from this machine. */
async function deliver([program = '', ...args]: readonly string[]): Promise<void> {
  const { stdout } = await exec('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: root })
  const modules = stdout.split('\n').flatMap((path) => {
    const at = path.indexOf('node_modules/')
    return at === -1 ? [] : [path.slice(at)]
  })
  const files = ['lib', 'test/fixtures', 'package.json', 'tsconfig.json', ...modules]
  const node = process.execPath.slice(1)
  const script = [
    'set -e; mkdir -p /opt/hostwright-drift; cd /opt/hostwright-drift; tar -xf -',
    'mkdir -p /usr/local/bin; mv node/* /usr/local/bin/node; chmod -R go+rX .',
  ].join('\n')
  const tar = spawn(
    'tar',
    ['-chf', '-', '--transform', `s,^${node}$,node/node,`, '-C', '/', node, '-C', root, ...files],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ssh = spawn(program, [...args, script], { stdio: [tar.stdout, 'inherit', 'inherit'] })
  const [code] = (await once(ssh, 'close')) as [number | null]
  if (code !== 0) throw new Error(`the project could not be delivered: exit status ${code}`)
}
