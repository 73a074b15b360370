import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { secret } from '../../lib/core/secret.js'
import { evidenceOf, fingerprinter } from '../../lib/drift/index.js'
import { fact } from '../../lib/facts/fact.js'
import { handler, type Host } from '../../lib/host/index.js'
import { authorizedKey } from '../../lib/resources/authorizedKey.js'
import { command } from '../../lib/resources/command.js'
import { file } from '../../lib/resources/file.js'
import type { RunOptions } from '../../lib/play/run.js'
import type { TaskEvent } from '../../lib/report/events.js'
import { execFileSync } from 'node:child_process'
import { cell } from '../fixtures/cell.js'
import { checks, told } from '../fixtures/drift.js'
import { localInventory, tempFolder, testRun } from '../fixtures/run.js'

t.test('a run makes fingerprints only where they are wanted', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a'])
  const path = join(folder, 'file')
  const fingerprint = fingerprinter(Buffer.from('salt'))
  const look = async (
    content: string,
    options: Pick<RunOptions, 'fingerprint'> = { fingerprint },
  ) => {
    const { events } = await testRun({ inventory, mode: 'check', ...options }, async (play) => {
      await play('p', { hosts: 'a' }, async (host) => {
        await host.ensure([
          file({ path, content: secret(content), mode: '0600' }),
          command({ run: 'true', name: 'always' }),
        ])
      })
    })
    t.notMatch(JSON.stringify(events), content)
    return events.filter((event): event is TaskEvent => event.type === 'task')
  }
  for (const event of await look('the first content', {})) {
    t.notOk('wish' in event)
    t.notOk('state' in event)
  }
  writeFileSync(path, 'the first content', { mode: 0o600 })
  const [ok, always] = await look('the first content')
  t.match(ok, { status: 'ok', wish: /^[0-9a-f]{16}$/, state: /^([0-9a-f]{16} ?)+$/ })
  t.match(always, { status: 'changed', wish: /^[0-9a-f]{16}$/ })
  t.notOk(always && 'state' in always, 'a command without a guard asks nothing')
  const [again] = await look('the first content')
  t.same([again?.wish, again?.state], [ok?.wish, ok?.state], 'they stay')
  const [code] = await look('the second content')
  t.equal(code?.status, 'changed')
  t.not(code?.wish, ok?.wish, 'a secret counts')
  t.same(
    ok?.state?.split(' ').filter((word) => !code?.state?.includes(word)),
    [],
  )
  writeFileSync(path, 'something else')
  const [host] = await look('the first content')
  t.equal(host?.wish, ok?.wish)
  t.not(host?.state, ok?.state)
})

t.test('a run that mends makes so what it is told to, and nothing else', async (t) => {
  const folder = await tempFolder(t)
  const inventory = await localInventory(t, ['a', 'b'])
  const value = fact<string>('value')
  const path = (name: string) => join(folder, name)
  const log = path('log')
  const tell = (name: string) =>
    handler(name, async (host) => {
      await host.ensure(command({ run: `echo ${name} >>${log}`, name }))
    })
  const [mended, other] = [tell('mended'), tell('other')]
  const outputs: unknown[] = []
  const { thrown, tasks, events } = await testRun(
    { inventory, mends: (host, _, task) => host === 'a' && task === 'cell drifted' },
    async (play) => {
      await play('p', { hosts: 'all' }, async (host: Host) => {
        if (host.name === 'b') return void (await host.peer('a').fact(value))
        writeFileSync(path('kept'), 'kept')
        writeFileSync(path('stale'), 'by hand')
        const [, kept, stale] = await host.ensure([
          cell({ path: path('drifted'), value: 'new', notify: mended }),
          cell({ path: path('kept'), value: 'kept', notify: other }),
          cell({ path: path('stale'), value: 'new', notify: other }),
          command({ run: `touch ${path('unwanted')}`, name: 'always', notify: other }),
        ])
        outputs.push(kept.output, stale.output)
        await host.$({ readOnly: true })`touch ${path('looked')}`
        await host.publish(value, (await host.$`touch ${path('ran')}`).stdout)
      })
    },
  )
  t.equal(thrown, undefined)
  t.equal(readFileSync(path('drifted'), 'utf8'), 'new')
  t.equal(readFileSync(path('stale'), 'utf8'), 'by hand')
  t.same(outputs, ['kept', 'by hand'], 'outputs are of the host as it is')
  t.ok(existsSync(path('looked')))
  for (const name of ['unwanted', 'ran']) t.notOk(existsSync(path(name)), name)
  t.equal(readFileSync(log, 'utf8'), 'mended\n', 'only the handler of what was mended runs')
  t.same(
    tasks
      .filter((task) => task.startsWith('a '))
      .map((task) => task.replace(`${folder}/`, ''))
      .toSorted(),
    [
      "a $ touch 'ran': skipped",
      'a cell drifted: changed',
      'a cell kept: ok',
      'a cell stale: skipped',
      'a command always: skipped',
      'a command mended: changed',
      'a rest of the play: skipped',
    ],
  )
  t.match(
    events.find(
      (event) =>
        event.type === 'task' && event.task.startsWith('cell') && event.status === 'skipped',
    ),
    { reason: 'it is not what has drifted' },
  )
  t.notOk(
    events.some(({ type }) => type === 'failure'),
    'who lacks a fact does not fail',
  )
})

t.test(
  'a drift check tells what differs also where an earlier change would come first',
  async (t) => {
    const folder = await tempFolder(t)
    const inventory = await localInventory(t, ['a'])
    const effects = { unknown: { when: () => true, reason: 'one would be changed first' } }
    const statuses = async (options: Pick<RunOptions, 'fingerprint'>) => {
      const { tasks } = await testRun({ inventory, mode: 'check', ...options }, async (play) => {
        await play('p', { hosts: 'a' }, async (host) => {
          const [one, two] = [join(folder, 'one'), join(folder, 'two')]
          await host.ensure([
            cell({ path: one, value: '1', effects }),
            cell({ path: two, value: '2' }),
          ])
        })
      })
      return tasks
    }
    t.same(await statuses({}), ['a cell one: changed', 'a cell two: unknown'])
    t.same(await statuses({ fingerprint: fingerprinter(Buffer.from('salt')) }), [
      'a cell one: changed',
      'a cell two: changed',
    ])
  },
)

t.test('evidenceOf() asks the host who and when', async (t) => {
  const folder = await tempFolder(t)
  const path = join(folder, `it's a file`)
  writeFileSync(path, '')
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAA me in /none'
  const elsewhere = authorizedKey({ user: 'no-such-user', key, path }).task
  const series = checks()
  const names = [
    `file ${path}`,
    'file /none',
    'packages dash',
    'command x',
    'service none-such',
    elsewhere,
  ]
  const { findings } = series.next(
    names.map((task) => told({ task, changes: [task.startsWith('packages') ? 'dash' : 'mode'] })),
  )
  const { script, read } = evidenceOf(findings)
  const stdout = execFileSync('sh', ['-c', script], { encoding: 'utf8' })
  const answers = read(stdout)
  t.same(
    [...answers.keys()],
    findings.map(({ id }) => id),
  )
  const [first = [], none = [], packages = []] = [...answers.values()]
  t.match(first[0], /^modified \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, owned by \S+$/)
  t.notMatch(none.join('\n'), 'modified')
  t.equal([...answers.values()].at(-1)?.[0], first[0], 'the file that an authorizedKey names')
  if (existsSync('/var/log/dpkg.log')) for (const line of packages) t.match(line, /dash:|^login /)
  t.same(
    read(`0\tmodified \u001b[31mby me\n2\tremove dash\nlogin\tlogin root  pts/0\nnoise\n`).get(
      findings[2]!.id,
    ),
    ['remove dash', 'login root pts/0'],
  )
})

t.test('evidenceOf() tells who changed a package last by sudo and apt', async (t) => {
  const folder = await tempFolder(t)
  mkdirSync(join(folder, 'apt'))
  writeFileSync(
    join(folder, 'apt/history.log'),
    `
Start-Date: 2026-03-01  11:00:00
Commandline: apt-get install nginx
Requested-By: ops (1000)
Install: nginx-common:amd64 (1.22.1-9, automatic), nginx:amd64 (1.22.1-9)
End-Date: 2026-03-01  11:00:05

Start-Date: 2026-03-01  12:00:00
Commandline: apt-get -o Acquire::http::Proxy=http://me:word@192.0.2.1 remove hello
Requested-By: eve (1001)
Remove: hello:amd64 (2.10-3)
End-Date: 2026-03-01  12:00:01

Start-Date: 2026-03-01  13:00:00
Commandline: apt-get remove nginx-common
Remove: nginx-common:amd64 (1.22.1-9)
End-Date: 2026-03-01  13:00:01

Start-Date: 2026-03-01  14:00:00
Commandline: apt-get install tree
Requested-By: eve (1001)
Install: tree:amd64 (2.1.0-1)
End-Date: 2026-03-01  14:00:01
`,
  )
  writeFileSync(
    join(folder, 'dpkg.log'),
    `2026-03-01 11:00:02 install nginx-common:amd64 <none> 1.22.1-9
2026-03-01 11:00:03 install nginx:amd64 <none> 1.22.1-9
2026-03-01 12:00:01 remove hello:amd64 2.10-3 <none>
2026-03-01 13:00:01 remove nginx-common:amd64 1.22.1-9 <none>
2026-03-01 14:00:01 install tree:amd64 <none> 2.1.0-1
2026-03-01 14:00:01 configure tree:amd64 2.1.0-1 <none>
2026-03-02 09:00:00 remove tree:amd64 2.1.0-1 <none>
`,
  )
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['nginx', ['by ops (1000), 2026-03-01 11:00:00']],
    ['nginx-common', []],
    ['hello', ['by eve (1001), 2026-03-01 12:00:00']],
    // Somebody else has run dpkg -r since.
    ['tree', []],
    ['none', []],
  ]
  for (const [name, lines] of cases) {
    const { findings } = checks().next([told({ task: 'packages x', changes: [name] })])
    const { script, read } = evidenceOf(findings)
    const here = script.replaceAll('/var/log/', `${folder}/`)
    const stdout = execFileSync('sh', ['-c', here], { encoding: 'utf8' })
    const said = [...read(stdout).values()].flat()
    const isIn = said.some((line) => line.includes(` ${name}:`))
    t.equal(isIn, name !== 'none', `${name} in dpkg.log`)
    const people = said.filter((line) => line.startsWith('by '))
    t.strictSame(people, lines, name)
  }
})

t.test(
  'evidenceOf() tells what the log of the package manager says of just that package',
  async (t) => {
    const cases: readonly (readonly [string, string, string, readonly string[]])[] = [
      [
        'dpkg.log',
        'nginx',
        `2026-03-01 11:00:00 install nginx:amd64 <none> 1.22.1-9
2026-03-01 11:00:01 status half-installed nginx:amd64 1.22.1-9
2026-03-01 11:00:02 configure nginx:amd64 1.22.1-9 <none>
2026-03-01 12:00:00 remove nginx:amd64 1.22.1-9 <none>
2026-03-01 13:00:00 install nginx-common:all <none> 1.22.1-9
2026-03-01 13:00:00 upgrade libnginx:amd64 1 2
`,
        [
          '2026-03-01 11:00:00 install nginx:amd64 <none> 1.22.1-9',
          '2026-03-01 12:00:00 remove nginx:amd64 1.22.1-9 <none>',
        ],
      ],
      [
        'dpkg.log',
        'g++',
        `2026-03-01 11:00:00 purge g++:amd64 4:12.2.0-3 <none>
2026-03-01 11:00:00 purge ggg:amd64 1 <none>
`,
        ['2026-03-01 11:00:00 purge g++:amd64 4:12.2.0-3 <none>'],
      ],
      [
        'dnf.rpm.log',
        'nginx',
        `2026-03-01T11:00:00+0100 INFO --- logging initialized ---
2026-03-01T11:00:02+0100 SUBDEBUG Installed: nginx-1:1.20.1-16.el9_4.1.x86_64
2026-03-01T11:00:02+0100 SUBDEBUG Installed: nginx-core-1:1.20.1-16.el9_4.1.x86_64
2026-03-01T12:00:00+0100 SUBDEBUG Downgrade: nginx-1:1.20.1-14.el9.x86_64
2026-03-01T12:00:01+0100 INFO warning: /etc/nginx/nginx.conf saved as /etc/nginx/nginx.conf.rpmsave
2026-03-01T12:00:01+0100 SUBDEBUG Erase: nginx-1:1.20.1-14.el9.x86_64
2026-03-01T12:00:02+0100 SUBDEBUG Erase: nginx-core-1:1.20.1-16.el9_4.1.x86_64
2026-03-01T12:00:03+0100 SUBDEBUG Installed: mod-nginx-1-1.x86_64
`,
        [
          '2026-03-01T12:00:00+0100 Downgrade: nginx-1:1.20.1-14.el9.x86_64',
          '2026-03-01T12:00:01+0100 Erase: nginx-1:1.20.1-14.el9.x86_64',
        ],
      ],
    ]
    for (const [log, name, text, lines] of cases) {
      const folder = await tempFolder(t)
      writeFileSync(join(folder, log), text)
      const { findings } = checks().next([told({ task: `packages ${name} x`, changes: [name] })])
      const { script, read } = evidenceOf(findings)
      const here = script.replaceAll('/var/log/', `${folder}/`)
      const stdout = execFileSync('sh', ['-c', here], { encoding: 'utf8' })
      t.strictSame([...read(stdout).values()], [lines], `${name} in ${log}`)
    }
  },
)
