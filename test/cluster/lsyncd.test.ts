import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Check } from '../../lib/index.js'
import type { Lab } from '../../lib/lab/index.js'
import type { RunOptions } from '../../lib/play/run.js'
import { lsyncdPeer, type LsyncdNode } from '../../roles/lsyncd_peer/index.js'
import { mountUnits } from '../../roles/lsyncd_peer/mountUnits.js'
import { sourcesOf } from '../../roles/lsyncd_peer/nodes.js'
import { verifyLsyncdPeer } from '../../roles/lsyncd_peer/verify.js'
import { useLab } from '../fixtures/lab.js'
import { localInventory, testRun, type TestRun } from '../fixtures/run.js'
import { on } from '../fixtures/on-host.js'

const folder = '/opt/acme2certifier/volume'
const mark = `${folder}/.lsyncd/seeded`
/** Milliseconds that a change may take to arrive. */
const patience = 20_000

t.test('mountUnits() names the units that systemd would', (t) => {
  const cases: [string, string[]][] = [
    ['/srv', ['srv.mount']],
    ['/srv/my-data', ['srv.mount', 'srv-my\\x2ddata.mount']],
    ['/.srv/.a_b', ['\\x2esrv.mount', '\\x2esrv-.a_b.mount']],
  ]
  for (const [path, units] of cases) t.same(mountUnits(path), units)
  t.end()
})

t.test('sourcesOf() lets nobody fill a node but who has something to give', (t) => {
  const order = ['a', 'b', 'c']
  // The states of a, b and c; what a, b and c are to be filled from.
  const cases: [string[], string[][]][] = [
    [
      ['', '', ''],
      [[], ['a'], ['a']],
    ],
    [
      ['', 'data', ''],
      [['b'], [], ['b']],
    ],
    [
      ['', 'data', 'data'],
      [['b'], [], ['b']],
    ],
    [
      ['', 'seeded data', 'seeded'],
      [['b', 'c'], [], []],
    ],
    [
      ['data', '', 'seeded'],
      [['c'], ['c'], []],
    ],
    [
      ['seeded', 'seeded', 'seeded'],
      [[], [], []],
    ],
  ]
  for (const [states, wanted] of cases) {
    const nodes = new Map(order.map((name, at) => [name, node(states[at] ?? '')]))
    const found = order.map((name) => {
      const peers = new Map([...nodes].filter(([other]) => other !== name))
      return sourcesOf({ name, node: nodes.get(name)! }, peers, order)
    })
    t.same(found, wanted, states.join(', '))
  }
  t.end()
})

t.test('lsyncd_peer refuses parameters that cannot work', async (t) => {
  const inventory = await localInventory(t, ['one', 'two'])
  const cases: [Parameters<typeof lsyncdPeer>[1], RegExp][] = [
    [{ method: 'rsyncssh', peers: ['two'] }, /a restricted key runs nothing but rsync$/],
    [{ peers: [] }, /there are none$/],
    [{ peers: ['two', 'two'] }, /one is named twice$/],
    [{ folder: '/srv/a b' }, /parameter "folder": is not an absolute path/],
    [{ exclude: ["it's"] }, /parameter "exclude\.0": is not a pattern/],
  ]
  for (const [params, message] of cases) {
    const { events, roundTrips } = await testRun({ inventory }, async (play) => {
      await play('Mirroring', { hosts: 'one' }, async (host) => await lsyncdPeer(host, params))
    })
    t.match(failures(events), [message])
    t.equal(roundTrips('one'), 0)
  }
})

t.test('lsyncd_peer', { timeout: 1_500_000 }, async (t) => {
  const hosts = { one: {}, two: {}, three: {} }
  const lab = await useLab(t, {
    name: 'slylab',
    subnet: '203.0.113.32/27',
    hosts,
  })
  const inventory = await inventoryOf(t, lab)
  const run = async (pattern: string, options: Partial<Pick<RunOptions, 'mode' | 'limit'>> = {}) =>
    await testRun({ ...options, inventory }, async (play) => {
      await play('Mirroring', { hosts: pattern }, async (host) => await lsyncdPeer(host))
    })

  await t.test('check mode on fresh hosts tells the plan and writes nothing', async (t) => {
    const before = await written(lab, 'one')
    const { thrown, events, tasks } = await run('one,two', { mode: 'check' })
    t.equal(thrown, undefined)
    t.same(failures(events), [])
    for (const task of ['template /etc/lsyncd/lsyncd.conf.lua', 'sshKeypair /root/.ssh/id_lsyncd'])
      t.ok(tasks.includes(`one ${task}: changed`), task)
    t.same(await written(lab, 'one'), before)
  })

  await t.test('the node that has data begins, and the blank one is filled from it', async (t) => {
    // The second one has the data: it is not the order that decides.
    await on(
      lab,
      'two',
      `mkdir -p ${folder}/ca && cd ${folder} && echo key >ca/key && chmod 600 ca/key`,
    )
    await on(lab, 'two', `chown -R www-data: ${folder} && chmod 2750 ${folder}`)
    const { events, tasks } = await run('one,two')
    t.same(failures(events), [])
    t.ok(tasks.includes(`one command fill ${folder} from two: changed`), 'filled from two')
    t.equal(
      await on(lab, 'one', `cd ${folder} && stat -c '%a %U:%G %n' . ca ca/key`),
      '2750 www-data:www-data .\n755 www-data:www-data ca\n600 www-data:www-data ca/key',
    )
    await same(t, lab, 'one', 'two')
    for (const name of ['one', 'two']) t.equal(await active(lab, name), 'active')
  })

  await t.test('a second run changes nothing, in three round trips', async (t) => {
    const again = await run('one,two')
    t.same(failures(again.events), [])
    t.same(
      again.tasks.filter((task) => !task.endsWith(': ok')),
      [],
    )
    for (const name of ['one', 'two'])
      t.ok(again.roundTrips(name) <= 3, `${again.roundTrips(name)}`)
    const check = await run('one,two', { mode: 'check' })
    t.same(
      check.tasks.filter((task) => !task.endsWith(': ok')),
      [],
      'check mode agrees',
    )
  })

  await t.test(
    'files are created, renamed and deleted both ways, with owner and mode',
    async (t) => {
      const checks: Check[] = []
      const { events } = await testRun({ inventory }, async (play) => {
        await play('Verify', { hosts: 'one,two' }, async (host) => {
          checks.push(...(await verifyLsyncdPeer(host)))
        })
      })
      t.same(failures(events), [])
      t.equal(checks.length, 14)
      for (const { check, host, duration, result, error } of checks)
        t.equal(result, 'passed', `${host}: ${check} (${duration} ms) ${error?.message ?? ''}`)
      t.equal(await on(lab, 'one', `find ${folder} -name 'lsyncd-check-*'`), '', 'probes are gone')
    },
  )

  await t.test('verifyLsyncdPeer() tells when nothing arrives', async (t) => {
    await on(lab, 'one', 'systemctl stop lsyncd')
    const checks: Check[] = []
    await testRun({ inventory }, async (play) => {
      await play('Verify', { hosts: 'one,two' }, async (host) => {
        if (host.name === 'one') checks.push(...(await verifyLsyncdPeer(host)))
      })
    })
    t.match(
      checks.find(({ check }) => check === 'a new file with owner and mode arrives at two'),
      { result: 'failed', error: { message: /is not there$/ } },
    )
    t.equal(await on(lab, 'one', `find ${folder} -name 'lsyncd-check-*'`), '', 'probes are gone')
    await on(lab, 'one', 'systemctl start lsyncd')
  })

  await t.test('a rename does not hold up what follows it', async (t) => {
    await on(lab, 'one', `cd ${folder} && echo 1 >before && mkdir d && echo 1 >d/f`)
    await same(t, lab, 'one', 'two')
    await on(
      lab,
      'one',
      `cd ${folder} && mv before after && mv d e && echo 2 >later && echo 3 >e/g`,
    )
    await same(t, lab, 'one', 'two')
    t.equal(
      await on(lab, 'two', `cd ${folder} && ls -1 after e/f e/g later`),
      'after\ne/f\ne/g\nlater',
    )
    await t.rejects(on(lab, 'two', `ls ${folder}/before`))
  })

  await t.test('the key of a peer opens nothing but the folder', async (t) => {
    const ssh = 'ssh -F /root/.ssh/lsyncd_config'
    t.equal(await on(lab, 'one', `${ssh} two true && echo reached`), 'reached')
    const refused = [
      `${ssh} two id`,
      `${ssh} -tt two`,
      `${ssh} two 'rsync --server --sender -e.LsfxCIvu . /; id'`,
      `${ssh} -o ExitOnForwardFailure=yes -N -R 7777:127.0.0.1:22 two`,
      `rsync -e '${ssh}' two:../ /tmp/`,
      `rsync -e '${ssh}' two:/etc/hostname /tmp/`,
      `rsync -e '${ssh}' /etc/hostname two:../`,
    ]
    for (const command of refused)
      await t.rejects(
        on(lab, 'one', command),
        { message: /rrsync error|rsync error|forwarding failed|PTY allocation request failed/ },
        command,
      )
    await on(
      lab,
      'three',
      'cat >/tmp/key && chmod 600 /tmp/key',
      (await on(lab, 'one', 'cat /root/.ssh/id_lsyncd')) + '\n',
    )
    const stranger =
      'ssh -i /tmp/key -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no'
    await t.rejects(
      on(lab, 'three', `${stranger} root@203.0.113.44 true`),
      { message: /Permission denied/ },
      'from another address',
    )
    await on(lab, 'three', 'rm /tmp/key')
  })

  await t.test('a peer that is down at the start holds nobody up', async (t) => {
    await lab.stop('two')
    await on(lab, 'one', 'systemctl restart lsyncd')
    await sleep(8000)
    t.equal(await active(lab, 'one'), 'active')
    await on(lab, 'one', `echo alone >${folder}/alone`)
    await lab.start('two')
    await same(t, lab, 'one', 'two')
    t.equal(await on(lab, 'two', `cat ${folder}/alone`), 'alone')
  })

  await t.test('a node that was off takes what is newer before it gives', async (t) => {
    await on(lab, 'one', `cd ${folder} && touch gone old mode && echo 1 >text && ln -s old link`)
    await same(t, lab, 'one', 'two')
    await lab.stop('two')
    await on(
      lab,
      'one',
      `cd ${folder} && rm gone && mv old new && chmod 600 mode && echo 2 >text && ln -sf new link`,
    )
    const wanted = await tree(lab, 'one')
    await lab.start('two')
    await same(t, lab, 'one', 'two')
    await settled(lab, 'two')
    t.equal(await tree(lab, 'one'), wanted, 'nothing is as it was before')
    await same(t, lab, 'one', 'two')
  })

  await t.test('nodes that were cut off from each other come together again', async (t) => {
    await on(lab, 'one', `cd ${folder} && echo 1 >first && echo 1 >second && touch dropped named`)
    await same(t, lab, 'one', 'two')
    // It can't be reached then, so it gets its part beforehand.
    const meanwhile = `sleep 8; cd ${folder}; echo theirs >first; sleep 4; echo theirs >only; rm alone`
    await on(lab, 'two', `systemd-run --quiet sh -c '${meanwhile}'`)
    await lab.linkDown('two')
    await on(
      lab,
      'one',
      `cd ${folder}; echo ours >first; rm dropped; mv named renamed; echo more >more`,
    )
    await sleep(14_000)
    await on(lab, 'one', `echo ours >${folder}/second`)
    await sleep(16_000)
    await lab.linkUp('two')
    await same(t, lab, 'one', 'two')
    t.equal(
      await on(
        lab,
        'one',
        `cd ${folder} && cat first second only && ls -1 dropped named renamed more alone 2>/dev/null || :`,
      ),
      'theirs\nours\ntheirs\nmore\nrenamed',
    )
  })

  await t.test('a blank node comes back and takes nothing from the others', async (t) => {
    const wanted = await tree(lab, 'one')
    await lab.reset('two')
    const { events } = await run('one,two')
    t.same(failures(events), [])
    await settled(lab, 'two')
    t.equal(await tree(lab, 'one'), wanted)
    t.equal(await tree(lab, 'two'), wanted)
    t.equal(
      await on(lab, 'one', 'grep -c lsyncd_peer@two /root/.ssh/authorized_keys'),
      '1',
      'its old key is gone',
    )
    t.same(
      (await run('one,two')).tasks.filter((task) => task.endsWith(': changed')),
      [],
    )
  })

  await t.test('lsyncd does not start on a folder that is not seeded or not mounted', async (t) => {
    const wanted = await tree(lab, 'one')
    await on(lab, 'two', `systemctl stop lsyncd && mount -t tmpfs none ${folder}`)
    await on(lab, 'two', 'systemctl start lsyncd')
    t.equal(await active(lab, 'two'), 'inactive')
    await on(lab, 'one', `echo 1 >${folder}/not-for-a-mount-point`)
    await sleep(6000)
    t.equal(await on(lab, 'two', `ls -A ${folder}`), '', 'and nothing is pushed into it')
    await on(lab, 'two', `umount ${folder}`)
    await on(lab, 'one', `rm ${folder}/not-for-a-mount-point`)

    await on(
      lab,
      'two',
      `echo 'tmpfs ${folder} tmpfs noauto 0 0' >>/etc/fstab && systemctl daemon-reload`,
    )
    const refused = await run('one,two')
    t.match(failures(refused.events), [
      'two: Cannot mirror "/opt/acme2certifier/volume": its file system is not mounted',
    ])
    await on(lab, 'two', "sed -i '/acme2certifier/d' /etc/fstab && systemctl daemon-reload")

    // As after a run that was killed while it filled the folder.
    await on(lab, 'two', `rm -r ${mark} ${folder}/ca && systemctl start lsyncd`)
    t.equal(await active(lab, 'two'), 'inactive')
    const { events, tasks } = await run('one,two')
    t.same(failures(events), [])
    t.ok(tasks.includes(`two command fill ${folder} from one: changed`))
    t.equal(await active(lab, 'two'), 'active')
    await settled(lab, 'two')
    t.equal(await tree(lab, 'one'), wanted)
    t.equal(await tree(lab, 'two'), wanted)
  })

  await t.test('a blank node is not filled from one that may not be changed', async (t) => {
    const { events } = await run('one,two,three', { limit: 'three' })
    t.match(failures(events), [
      /^three: Cannot fill .* from "(one|two)": it does not know the key of "three" yet/,
    ])
    t.equal(await active(lab, 'three'), 'inactive')
  })

  await t.test('a third node joins, and changes go from each to each', async (t) => {
    const { events } = await run('one,two,three')
    t.same(failures(events), [])
    await same(t, lab, 'one', 'three')
    await on(lab, 'three', `cd ${folder} && mv first third && echo 3 >new && rm second`)
    await same(t, lab, 'three', 'one')
    await same(t, lab, 'three', 'two')
    t.equal(await on(lab, 'two', `cd ${folder} && cat third new`), 'theirs\n3')
    const again = await run('one,two,three')
    t.same(
      again.tasks.filter((task) => !task.endsWith(': ok')),
      [],
    )
  })

  await t.test('logs are rotated while lsyncd runs', async (t) => {
    await on(lab, 'one', 'logrotate -f /etc/logrotate.d/lsyncd')
    await on(lab, 'one', `echo 1 >${folder}/logged`)
    await same(t, lab, 'one', 'two')
    t.match(await on(lab, 'one', 'cat /var/log/lsyncd/lsyncd.log'), /logged/)
    t.match(await on(lab, 'one', 'ls /var/log/lsyncd'), /lsyncd\.log\.1/)
  })
})

/** What a node tells whose state is given in words. */
function node(state: string): LsyncdNode {
  return {
    publicKey: '',
    hostKeys: [],
    addresses: [],
    seeded: state.includes('seeded'),
    empty: !state.includes('data'),
  }
}

async function active(lab: Lab, host: string): Promise<string> {
  return await on(lab, host, 'systemctl is-active lsyncd || :')
}

/** All of the folder that is mirrored, as text: names, modes, owners and contents. */
async function tree(lab: Lab, host: string): Promise<string> {
  return await on(
    lab,
    host,
    `cd ${folder} && find . -path ./.lsyncd -prune -o -printf '%p %y %m %u:%g %l\\n' | sort && find . -path ./.lsyncd -prune -o -type f -print0 | sort -z | xargs -0 sha256sum || :`,
  )
}

/** Waits until two hosts have the same. */
async function same(t: Test, lab: Lab, one: string, other: string): Promise<void> {
  const started = Date.now()
  for (;;) {
    const [first, second] = await Promise.all([tree(lab, one), tree(lab, other)])
    if (first === second || Date.now() - started > patience) {
      t.equal(second, first, `${other} has what ${one} has after ${Date.now() - started} ms`)
      return
    }
    await sleep(500)
  }
}

/** Waits until lsyncd has started and sent all that it has to send. */
async function settled(lab: Lab, host: string): Promise<void> {
  const until = Date.now() + 60_000
  const status = 'systemctl is-active lsyncd; cat /var/log/lsyncd/lsyncd.log'
  while (Date.now() < until) {
    const text = await on(lab, host, `${status} || :`)
    const startups = text.split('--- Startup ---').at(-1) ?? ''
    if (text.startsWith('active') && /Startup of .* finished/.test(startups)) break
    await sleep(500)
  }
  await sleep(5000)
}

function failures(events: TestRun['events']): string[] {
  return events.flatMap((event) =>
    event.type === 'failure' ? [`${event.host}: ${event.error.message}`] : [],
  )
}

/** The lab as an inventory file, so that runs load it without booting anything. */
async function inventoryOf(t: Test, lab: Lab): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hostwright-test-'))
  t.teardown(async () => await rm(directory, { recursive: true }))
  const { hosts } = await lab.load()
  const file = join(directory, 'hosts.yml')
  await writeFile(file, JSON.stringify({ all: { hosts } }))
  return file
}

/** What a host has written since it was blank, but for what logins leave. */
async function written(lab: Lab, host: string): Promise<string[]> {
  const root = lab.overlayFolder(host)
  const names = await readdir(root, { recursive: true })
  const entries = names
    .filter((name) => !/^(var\/log|var\/lib\/systemd|run|tmp|var\/tmp)(\/|$)/.test(name))
    .map(async (name) => {
      const found = await stat(join(root, name)).catch(() => undefined)
      return found?.isFile() ? `${name} ${found.size} ${found.mtimeMs}` : name
    })
  return (await Promise.all(entries)).toSorted()
}
