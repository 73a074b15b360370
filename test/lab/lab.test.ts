import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { defineLab, type Lab } from '../../lib/lab/index.js'
import { labFolder } from '../../lib/lab/places.js'
import { useLab } from '../fixtures/lab.js'

const execute = promisify(execFile)
const name = 'tlab'
const subnet = '198.18.7.0/26'
const options = { name, subnet, hosts: { one: {}, two: { vars: { color: 'blue' } } } }

/** Runs a command on a host; it fails when the command does. */
async function on(lab: Lab, host: string, command: string, input = ''): Promise<string> {
  return login(lab.sshCommand(host), command, input)
}

async function login(ssh: readonly string[], command: string, input = ''): Promise<string> {
  const [file = '', ...args] = ssh
  const running = execute(file, [...args, command], { timeout: 120_000 })
  running.child.stdin?.end(input)
  return (await running).stdout.trim()
}

async function machine(command: string): Promise<string> {
  return (await execute('sh', ['-c', command])).stdout.trim()
}

/** All of this machine that a lab changes, as text. */
async function traces(lab: Lab): Promise<string> {
  const found = [
    await machine(`ip -o link | grep -F -e hw-${lab.name} -e vb-${lab.name}- || :`),
    await machine(`ip route show table all | grep -F '${subnet.replace(/0\/.*/, '')}' || :`),
    await machine(`find /sys/fs/cgroup -type d -path '*/hostwright/${lab.name}*'`),
    await machine(`grep -F '${labFolder(lab.name)}' /proc/*/mountinfo /proc/mounts || :`),
    await machine(`find /run/systemd -name '*${lab.name}-*' || :`),
    await machine(`ps -eo args= | grep -F '${labFolder(lab.name)}' | grep -v grep || :`),
    existsSync(labFolder(lab.name)) ? labFolder(lab.name) : '',
  ]
  return found.filter((text) => text !== '').join('\n')
}

async function bootId(lab: Lab, host: string): Promise<string> {
  return on(lab, host, 'cat /proc/sys/kernel/random/boot_id')
}

t.test('defineLab() refuses what cannot be a lab', (t) => {
  const hosts = { one: {} }
  const wrong = [
    [{ name: 'Lab', subnet, hosts }, 'Cannot define lab "Lab": a name is'],
    [{ name: 'a-b', subnet, hosts }, 'Cannot define lab "a-b": a name is'],
    [{ name: 'averylongname', subnet, hosts }, 'Cannot define lab "averylongname": a name is'],
    [{ name, subnet: '198.18.7.1/26', hosts }, 'subnet "198.18.7.1/26" is not'],
    [{ name, subnet: '203.0.113.0', hosts }, 'subnet "203.0.113.0" is not'],
    [{ name, subnet: '203.0.300.0/24', hosts }, 'subnet "203.0.300.0/24" is not'],
    [{ name, subnet, hosts: { 'a.b': {} } }, 'Cannot define lab host "a.b": a name is'],
    [{ name, subnet, hosts: { '-a': {} } }, 'Cannot define lab host "-a": a name is'],
    [
      {
        name,
        subnet: '203.0.113.0/28',
        hosts: Object.fromEntries([...'abcde'].map((h) => [h, {}])),
      },
      'subnet "203.0.113.0/28" has room for 4 hosts only',
    ],
  ] as const
  for (const [definition, message] of wrong)
    t.throws(() => defineLab(definition), {
      code: 'INVENTORY_INVALID',
      message: new RegExp(escape(message)),
    })
  t.end()
})

t.test('a lab', { timeout: 900_000 }, async (t) => {
  const lab = await useLab(t, options)

  await t.test('load() gives what reaches the hosts', async (t) => {
    const data = await lab.load()
    t.match(data.hosts, {
      one: { ansible_host: '198.18.7.11', ansible_user: 'root' },
      two: { ansible_host: '198.18.7.12', color: 'blue' },
    })
    const vars = data.hosts?.['two'] ?? {}
    const key = String(vars['ansible_ssh_private_key_file'])
    t.equal((await stat(key)).mode & 0o777, 0o600)
    const common = String(vars['ansible_ssh_common_args']).split(' ')
    const reached = await login(
      ['ssh', '-F', 'none', '-i', key, ...common, 'root@198.18.7.12'],
      'hostname',
    )
    t.equal(reached, 'two')
  })

  await t.test('hosts are real ones, each itself', async (t) => {
    t.equal(await on(lab, 'one', 'systemctl is-system-running'), 'running')
    t.equal(await on(lab, 'one', 'cat /proc/1/comm'), 'systemd')
    t.equal(await on(lab, 'one', 'hostname && cat /etc/hostname'), 'one\none')
    t.equal(
      await on(lab, 'one', 'stat -c "%a %U" / /etc /root /tmp'),
      '755 root\n755 root\n700 root\n1777 root',
    )
    for (const own of ['cat /etc/machine-id', 'cat /etc/ssh/ssh_host_*.pub'])
      t.not(await on(lab, 'one', own), await on(lab, 'two', own), own)
    const others = "systemctl show -P ControlGroup ssh; ps -e -o comm= | grep -c '^systemd$'"
    t.equal((await on(lab, 'one', others)).split('\n').at(-1), '1', 'sees its own processes only')
    t.match(
      await on(
        lab,
        'two',
        'echo > /dev/tcp/198.18.7.11/22 && echo yes'.replace(/.*/, (c) => `bash -c '${c}'`),
      ),
      'yes',
    )
  })

  await t.test('logins are by key, and admin needs a password for sudo', async (t) => {
    const admin = lab.sshCommand('one', 'admin')
    await t.rejects(login(admin, 'sudo -n id'), { message: /a password is required/ })
    const password = await lab.adminPassword()
    t.equal(await login(admin, 'sudo -S -p "" id -un', `${password}\n`), 'root')
    await t.rejects(login(admin, 'sudo -S -p "" id -un', 'wrong\n'))
    const keyless = ['-o', 'IdentityFile=none', '-o', 'BatchMode=yes', '-v']
    const [file = '', ...args] = lab.sshCommand('one')
    const stranger = args.flatMap((arg, at) => (arg === '-i' || args[at - 1] === '-i' ? [] : [arg]))
    await t.rejects(login([file, ...keyless, ...stranger], 'true'), {
      message: /Authentications that can continue: publickey\r?\n/,
    })
  })

  await t.test('packages come from the lab, with and without apt-get update', async (t) => {
    await on(lab, 'one', 'apt-get -y install hello >/dev/null 2>&1')
    t.match(await on(lab, 'one', 'hello'), 'Hello')
    await on(lab, 'two', 'apt-get -qq update && apt-get -y install tree >/dev/null 2>&1')
    t.match(await on(lab, 'two', 'tree --version'), 'tree')
    t.equal(
      await on(lab, 'two', 'grep -rl http /etc/apt/sources.list*'),
      '/etc/apt/sources.list.d/lab.sources',
    )
  })

  await t.test('nothing leaves the lab', async (t) => {
    t.equal(
      await on(lab, 'one', 'ip route'),
      '198.18.7.0/26 dev host0 proto kernel scope link src 198.18.7.11',
    )
    t.equal(await on(lab, 'one', 'ip -6 route show default'), '')
    await t.rejects(on(lab, 'one', "bash -c 'echo > /dev/tcp/192.0.2.1/80'"), {
      message: /unreachable/,
    })
    t.match(await machine('ip route show type unreachable'), /198\.18\.7\.0\/26.*metric 4294967295/)
    // With the bridge gone or down the route behind it answers at once, and nothing is sent.
    await machine('ip link set hw-tlab down')
    t.teardown(() => machine('ip link set hw-tlab up'))
    const started = Date.now()
    const code = await new Promise((resolve) => {
      connect(22, '198.18.7.60').on('error', (error) => resolve('code' in error && error.code))
    })
    t.equal(code, 'EHOSTUNREACH')
    t.ok(Date.now() - started < 1000)
  })

  await t.test('a host that is stopped and started keeps its data', async (t) => {
    await on(lab, 'one', 'echo kept > /root/data')
    const before = await bootId(lab, 'one')
    await lab.stop('one')
    t.match(await lab.status(), {
      state: 'up',
      hosts: [{ state: 'stopped', ssh: false }, { state: 'running' }],
    })
    await lab.up()
    t.match((await lab.status()).hosts[0], { state: 'stopped' }, 'up() leaves it off')
    t.equal(await readFile(`${lab.overlayFolder('one')}/root/data`, 'utf8'), 'kept\n')
    await lab.start('one')
    t.equal(await on(lab, 'one', 'cat /root/data'), 'kept')
    t.not(await bootId(lab, 'one'), before)
  })

  await t.test('a host can reboot itself', async (t) => {
    const before = await bootId(lab, 'one')
    await on(lab, 'one', 'systemctl reboot').catch(() => undefined)
    const deadline = Date.now() + 30_000
    let after = before
    while (after === before && Date.now() < deadline) {
      await sleep(200)
      after = await bootId(lab, 'one').catch(() => before)
    }
    t.not(after, before)
    t.equal(await on(lab, 'one', 'cat /root/data'), 'kept')
  })

  await t.test(
    'up() brings back a host that has died, and is quick where nothing has',
    async (t) => {
      await on(lab, 'one', 'systemctl poweroff').catch(() => undefined)
      const deadline = Date.now() + 20_000
      while ((await lab.status()).hosts[0]?.state !== 'absent' && Date.now() < deadline)
        await sleep(100)
      t.match(await lab.status(), { state: 'partial' })
      await lab.up()
      t.equal(await on(lab, 'one', 'cat /root/data'), 'kept')
      const times: number[] = []
      // On a machine that is busy with other things one time says little.
      while (times.length < 10 && !times.some((time) => time < 300)) {
        const started = Date.now()
        await lab.up(() => t.fail('it does something'))
        times.push(Date.now() - started)
      }
      t.ok(Math.min(...times) < 300, `${times.join(', ')} ms`)
    },
  )

  await t.test('a host whose cable is out is running and cannot be reached', async (t) => {
    await lab.linkDown('one')
    t.match((await lab.status()).hosts[0], { state: 'running', link: false, ssh: false })
    await lab.up()
    await t.rejects(
      on(
        { ...lab, sshCommand: (h) => [...lab.sshCommand(h), '-o', 'ConnectTimeout=2'] },
        'one',
        'true',
      ),
    )
    await lab.linkUp('one')
    t.equal(await on(lab, 'one', 'hostname'), 'one')
  })

  await t.test('reset() gives a blank host', async (t) => {
    const key = await on(lab, 'one', 'cat /etc/ssh/ssh_host_ed25519_key.pub')
    await on(lab, 'two', 'echo kept > /root/data')
    await lab.reset('one')
    await t.rejects(on(lab, 'one', 'cat /root/data'), { message: /No such file/ })
    await t.rejects(on(lab, 'one', 'hello'))
    t.not(await on(lab, 'one', 'cat /etc/ssh/ssh_host_ed25519_key.pub'), key)
    t.equal(await on(lab, 'two', 'cat /root/data'), 'kept')
  })

  await t.test('another lab runs beside it, and a subnet that is taken is refused', async (t) => {
    const other = await useLab(t, { name: 'tlab2', subnet: '198.18.7.64/26', hosts: { one: {} } })
    t.equal(await on(other, 'one', 'ip -4 -o address show host0 | grep -c 198.18.7.75'), '1')
    t.equal(await on(lab, 'one', 'hostname'), 'one')
    await t.rejects(on(lab, 'one', "bash -c 'echo > /dev/tcp/198.18.7.75/22'"), {
      message: /unreachable/,
    })
    const taken = defineLab({ name: 'tlab3', subnet: '198.18.7.0/24', hosts: {} })
    t.teardown(() => taken.down())
    await t.rejects(taken.up(), {
      code: 'LAB_UNAVAILABLE',
      message: /has a route to 198\.18\.7\./,
    })
    await other.down()
    t.equal(await on(lab, 'one', 'hostname'), 'one', 'the first one is still there')
  })

  await t.test('down() leaves nothing', async (t) => {
    t.not(await traces(lab), '', 'the traces are seen while the lab is up')
    await lab.down()
    t.equal(await traces(lab), '')
    t.match(await lab.status(), {
      state: 'down',
      hosts: [{ state: 'absent' }, { state: 'absent' }],
    })
    await t.rejects(lab.adminPassword(), { code: 'LAB_FAILED' })
    await lab.down()
    t.equal(await traces(lab), '', 'again')
  })
})

t.test('an up() that was killed is repaired', { timeout: 300_000 }, async (t) => {
  const lab = defineLab(options)
  t.teardown(() => lab.down())
  for (const [index, delay] of [100, 200, 300, 400, 500, 700, 1000, 1500].entries()) {
    await killedUp(t, delay)
    if (index % 2 === 0) {
      await lab.up()
      t.equal(await on(lab, 'two', 'hostname'), 'two', `up after ${delay} ms`)
      t.match(await lab.status(), { state: 'up' })
    }
    await lab.down()
    t.equal(await traces(lab), '', `down after ${delay} ms`)
  }
})

/** Starts a process that takes the lab up, and kills it after some milliseconds. */
async function killedUp(t: Test, delay: number): Promise<void> {
  const script = new URL('../fixtures/lab-up.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.on('close', resolve))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  await sleep(delay)
  t.comment(child.kill('SIGKILL') ? `killed after ${delay} ms` : `ended before ${delay} ms`)
  await ended
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
