import t from 'tap'
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { secret } from '../../lib/core/secret.js'
import {
  blockInFile,
  command,
  directory,
  file,
  lineInFile,
  sshKeypair,
  symlink,
  template,
  waitForPort,
} from '../../lib/resources/index.js'
import type { Resource } from '../../lib/resources/types.js'
import { localInventory, tempFolder, testRun } from '../fixtures/run.js'

/** Makes resources so on this machine; gives what `task: status` the run told, in order. */
async function ensure(
  t: Test,
  resources: readonly Resource<unknown>[],
  mode: 'run' | 'check' = 'run',
) {
  const inventory = await localInventory(t, ['here'])
  const outputs: unknown[] = []
  const { tasks, thrown, events, roundTrips } = await testRun({ inventory, mode }, async (play) => {
    await play('test', { hosts: 'all' }, async (host) => {
      const results = await host.ensure(resources)
      if (mode === 'run') outputs.push(...results.map(({ output }) => output as unknown))
    })
  })
  const failure = events.find((event) => event.type === 'failure')
  return {
    statuses: tasks.map((task) => task.replace(/^.*: /s, '')),
    outputs,
    error: failure?.error,
    thrown,
    events,
    trips: roundTrips('here'),
  }
}

const mode = (path: string) => (lstatSync(path).mode & 0o7777).toString(8)
const names = (folder: string) => readdirSync(folder, { recursive: true }).map(String).toSorted()

t.test(
  'what is written is there, is right the second time, and check mode only says so',
  async (t) => {
    const folder = await tempFolder(t)
    const at = (name: string) => join(folder, name)
    const odd = at('sub/a b\'"\n$(touch evil)ü')
    writeFileSync(at('t.hbs'), 'port = {{port}}\n{{#each nodes}}\nnode {{this}}\n{{/each}}\n')
    const wishes = [
      directory({ path: at('sub/deep'), mode: '0750' }),
      file({ path: odd, content: 'odd\n', mode: '0600' }),
      file({ path: at('bytes'), content: Buffer.from([0, 10, 255]) }),
      file({ path: at('secret'), content: secret('s3cret-content-x'), mode: '0400' }),
      template({ path: at('conf'), src: at('t.hbs'), vars: { port: 1, nodes: ['a', 'b'] } }),
      lineInFile({ path: at('lines'), line: 'a=1', create: true }),
      lineInFile({ path: at('lines'), line: 'b=2', regexp: /^b=/ }),
      blockInFile({ path: at('lines'), block: 'x\ny', insertBefore: 'BOF' }),
      symlink({ path: at('link'), target: 'lines' }),
      command({
        run: 'echo "$V" > made && cat >> made',
        cwd: folder,
        creates: at('made'),
        env: { V: "it's" },
        input: 'in',
      }),
      command({
        run: `echo x > ${at('guarded')}`,
        unless: `test -e ${at('guarded')}`,
        onlyIf: 'true',
      }),
    ]
    const before = names(folder)
    const planned = await ensure(t, wishes, 'check')
    t.equal(planned.error, undefined)
    t.same(names(folder), before, 'check mode writes nothing')
    t.same([...new Set(planned.statuses)], ['changed'])
    t.ok(planned.trips <= 2)

    const first = await ensure(t, wishes)
    t.equal(first.error, undefined)
    t.same([...new Set(first.statuses)], ['changed'])
    t.same([mode(at('sub')), mode(at('sub/deep')), mode(odd)], ['755', '750', '600'])
    t.same([mode(at('bytes')), mode(at('secret')), mode(at('lines'))], ['644', '400', '644'])
    t.equal(readFileSync(odd, 'utf8'), 'odd\n')
    t.same(readFileSync(at('bytes')), Buffer.from([0, 10, 255]))
    t.equal(readFileSync(at('secret'), 'utf8'), 's3cret-content-x')
    t.equal(readFileSync(at('conf'), 'utf8'), 'port = 1\nnode a\nnode b\n')
    t.equal(
      readFileSync(at('lines'), 'utf8'),
      '# BEGIN HOSTWRIGHT MANAGED BLOCK\nx\ny\n# END HOSTWRIGHT MANAGED BLOCK\na=1\nb=2\n',
    )
    t.equal(readlinkSync(at('link')), 'lines')
    t.equal(readFileSync(at('made'), 'utf8'), "it's\nin")
    t.notOk(
      names(folder).some((name) => name.includes('.hostwright')),
      'no temporary file is left',
    )
    t.notOk(existsSync('evil'))
    t.notMatch(JSON.stringify(first.events), 's3cret-content-x')

    const second = await ensure(t, wishes)
    t.same(second.statuses, [...Array<string>(9).fill('ok'), 'skipped', 'skipped'])
    // Taking the host's lock may cost one, asking costs one.
    t.ok(second.trips <= 2)

    const gone = await ensure(t, [
      file({ path: odd, state: 'absent' }),
      symlink({ path: at('link'), state: 'absent' }),
      directory({ path: at('sub'), state: 'absent' }),
      directory({ path: at('sub/again') }),
    ])
    t.same(gone.statuses, ['changed', 'changed', 'changed', 'changed'])
    t.same(names(at('sub')), ['again'])
    t.ok(existsSync(at('lines')))
  },
)

t.test(
  'a hundred files cost two round trips, and two more for all changes',
  { timeout: 120_000 },
  async (t) => {
    const folder = await tempFolder(t)
    const wishes = Array.from({ length: 100 }, (_, at) =>
      file({ path: join(folder, `f${at}`), content: `${at}` }),
    )
    t.ok((await ensure(t, wishes)).trips <= 3)
    t.equal(readFileSync(join(folder, 'f99'), 'utf8'), '99')
    const again = await ensure(t, wishes)
    t.same([...new Set(again.statuses)], ['ok'])
    t.ok(again.trips <= 2)
  },
)

t.test('file() keeps mode and owner, follows no symlink, and lineInFile() does', async (t) => {
  const folder = await tempFolder(t)
  const at = (name: string) => join(folder, name)
  writeFileSync(at('kept'), 'old')
  chmodSync(at('kept'), 0o2640)
  writeFileSync(at('target'), 'target\n')
  chmodSync(at('target'), 0o600)
  symlinkSync('target', at('link'))
  symlinkSync('target', at('edited'))
  const { error } = await ensure(t, [
    file({ path: at('kept'), content: 'new' }),
    lineInFile({ path: at('edited'), line: 'more' }),
    file({ path: at('link'), content: 'own' }),
  ])
  t.equal(error, undefined)
  t.equal(mode(at('kept')), '2640')
  t.ok(lstatSync(at('link')).isFile())
  t.ok(lstatSync(at('edited')).isSymbolicLink())
  t.equal(readFileSync(at('target'), 'utf8'), 'target\nmore\n')
  t.equal(mode(at('target')), '600')
})

/** acl(5): gives a folder the default ACL user::rwx, group::r-x, other::r-x, as the kernel keeps it. */
function handDown(folder: string): void {
  const acl = `import os, struct, sys
entries = [(1, 7), (4, 5), (0x20, 5)]
value = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', tag, perm, 0xffffffff) for tag, perm in entries)
os.setxattr(sys.argv[1], 'system.posix_acl_default', value)`
  execFileSync('python3', ['-c', acl, folder])
}

t.test('a directory gets its mode, whatever the one above hands down', async (t) => {
  const folder = await tempFolder(t)
  const [acl, group] = [join(folder, 'acl'), join(folder, 'group')]
  for (const path of [acl, group]) mkdirSync(path)
  handDown(acl)
  chmodSync(group, 0o2755)
  const modes = ['0700', '0755', '0777', '1777', '2750']
  const wishes = [acl, group].flatMap((parent) =>
    modes.map((each) => directory({ path: join(parent, each), mode: each })),
  )
  wishes.push(directory({ path: join(group, 'plain') }))
  const made = await ensure(t, wishes)
  t.equal(made.error, undefined)
  for (const parent of [acl, group])
    for (const each of modes) t.equal(mode(join(parent, each)).padStart(4, '0'), each, parent)
  t.equal(mode(join(group, 'plain')), '2755', 'where no mode is wished the bit is inherited')
  t.same(new Set((await ensure(t, wishes)).statuses), new Set(['ok']))
})

t.test(
  'a file is closed to others while it is written, whatever the folder hands down',
  async (t) => {
    const folder = await tempFolder(t)
    handDown(folder)
    const path = join(folder, 'token')
    const seen = join(folder, 'seen')
    const wish = file({
      path,
      content: secret('a token that nobody sees'),
      mode: '0600',
      validate: `stat -c %a %s >${seen}`,
    })
    t.same((await ensure(t, [wish])).statuses, ['changed'])
    t.equal(readFileSync(seen, 'utf8'), '600\n')
    t.equal(mode(path), '600')
    t.same((await ensure(t, [wish])).statuses, ['ok'])
  },
)

t.test('in the folder of another user a file is made where he cannot reach it', async (t) => {
  const folder = await tempFolder(t)
  handDown(folder)
  chownSync(folder, 65534, 65534)
  const path = join(folder, 'keys')
  const seen = join(await tempFolder(t), 'seen')
  const wish = file({
    path,
    content: 'a key\n',
    mode: '0600',
    validate: `stat -c '%a %u' "$(dirname %s)" >${seen}`,
  })
  t.same((await ensure(t, [wish])).statuses, ['changed'])
  t.equal(readFileSync(seen, 'utf8'), `700 ${process.getuid?.()}\n`)
  t.equal(readFileSync(path, 'utf8'), 'a key\n')
  t.equal(mode(path), '600')
  t.same(names(folder), ['keys'], 'nothing is left')
  t.same((await ensure(t, [wish])).statuses, ['ok'])
})

t.test('validate refuses a content before it is in place; backup keeps the old one', async (t) => {
  const folder = await tempFolder(t)
  const path = join(folder, 'conf x')
  writeFileSync(path, 'old\n')
  const refused = await ensure(t, [file({ path, content: 'bad\n', validate: 'grep good %s' })])
  t.match(refused.error, {
    code: 'VALIDATION_FAILED',
    message: `Cannot write "${path}": its new content is refused by "grep good %s"`,
  })
  t.equal(readFileSync(path, 'utf8'), 'old\n')
  t.same(names(folder), ['conf x'])
  const accepted = await ensure(t, [
    file({ path, content: 'good\n', validate: 'grep -q good %s', backup: true }),
  ])
  t.equal(accepted.error, undefined)
  t.equal(readFileSync(path, 'utf8'), 'good\n')
  const [, backup = ''] = names(folder)
  t.match(backup, /^conf x\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/)
  t.equal(readFileSync(join(folder, backup), 'utf8'), 'old\n')
})

t.test('a content that does not arrive whole never takes the place of the old one', async (t) => {
  const folder = await tempFolder(t)
  const path = join(folder, 'f')
  writeFileSync(path, 'old')
  const resource = file({ path, content: 'a much longer new content' })
  const { stat, content, sha256, identity } = await import('../../lib/resources/probes/index.js')
  const { askHere, planOf } = await import('../fixtures/ask.js')
  const [step] = planOf(resource, [
    ...[path, folder].map((one) => [stat(one), askHere([stat(one)])[0]] as const),
    [sha256(path), 'other'],
    [content(path), Buffer.from('old')],
    [identity(), askHere([identity()])[0]],
  ]).steps
  const child = spawn('sh', ['-c', step?.script ?? ''], { stdio: ['pipe', 'ignore', 'pipe'] })
  child.stdin.end('a much')
  const [code] = (await once(child, 'close')) as [number]
  t.not(code, 0)
  t.equal(readFileSync(path, 'utf8'), 'old')
  t.same(names(folder), ['f'])
})

t.test('what a killed write has left is removed by the next one', async (t) => {
  const folder = await tempFolder(t)
  writeFileSync(join(folder, '.hostwright.f.abcDEF'), 'half')
  writeFileSync(join(folder, '.hostwright.other.abcDEF'), 'of another file')
  const { error } = await ensure(t, [file({ path: join(folder, 'f'), content: 'x' })])
  t.equal(error, undefined)
  t.same(names(folder), ['.hostwright.other.abcDEF', 'f'])
  const left = ['.hostwright..a1b2c3d4e5f6', '.hostwright..0123456789ab']
  for (const name of left) mkdirSync(join(folder, name), { mode: 0o700 })
  writeFileSync(join(folder, left[0]!, 'g'), 'half')
  const kept = ['.hostwright.config', '.hostwright.other.abcDEF']
  writeFileSync(join(folder, '.hostwright.config'), "a user's own")
  writeFileSync(join(folder, '.hostwright.g.abcDEF'), 'half')
  const both = ['f', 'g'].map((name) => file({ path: join(folder, name), content: 'y' }))
  t.same((await ensure(t, both)).statuses, ['changed', 'changed'])
  t.same(names(folder), [...kept, 'f', 'g'], 'also of several in one go')
  mkdirSync(join(folder, left[0]!))
  await ensure(t, [file({ path: join(folder, 'f'), content: 'z' })])
  t.same(names(folder), [...kept, 'f', 'g'])
})

t.test('files and directories in a row are made by few programs, each as wished', async (t) => {
  const folder = await tempFolder(t)
  const at = (name: string) => join(folder, name)
  const log = at('log')
  const path = process.env['PATH'] ?? ''
  const bin = at('bin')
  mkdirSync(bin)
  for (const name of ['mktemp', 'dd', 'mkdir', 'chmod', 'chown', 'sync', 'mv', 'rm'])
    writeFileSync(
      at(`bin/${name}`),
      `#!/bin/sh\necho ${name} >>${log}\nPATH=${path} exec ${name} "$@"\n`,
      {
        mode: 0o755,
      },
    )
  const strange = `it's \u0081\u0088 é \\n $(x) \`y\` %s "\ttab\r\n\n end \\`
  writeFileSync(at('old'), 'old')
  chownSync(at('old'), 65534, 65534)
  chmodSync(at('old'), 0o2640)
  symlinkSync('old', at('link'))
  mkdirSync(at('handed'))
  handDown(at('handed'))
  const wishes = [
    ...['a', 'b', 'b/c', 'b/c/d'].map((name) => directory({ path: at(name), mode: '0750' })),
    directory({ path: at('shared'), mode: '2775', group: '65534' }),
    directory({ path: at('shared/inner') }),
    ...['a/1', 'a/2', 'b/c/d/3'].map((name) =>
      file({ path: at(name), content: name, mode: '0640' }),
    ),
    file({ path: at("a/it's\nodd"), content: strange, mode: '0600' }),
    file({ path: at('b/empty'), content: '', owner: '65534', group: '65534' }),
    file({ path: at('shared/inner/4'), content: '4' }),
    file({ path: at('old'), content: 'new' }),
    file({ path: at('link'), content: 'own' }),
    file({ path: at('handed/5'), content: '5', mode: '0600' }),
    lineInFile({ path: at('lines'), line: 'one', create: true }),
    lineInFile({ path: at('lines'), line: 'two' }),
  ]
  process.env['PATH'] = `${bin}:${path}`
  const made = await ensure(t, wishes)
  process.env['PATH'] = path
  t.equal(made.error, undefined)
  t.same([...new Set(made.statuses)], ['changed'])
  const programs = new Map<string, number>()
  for (const name of readFileSync(log, 'utf8').trim().split('\n'))
    programs.set(name, (programs.get(name) ?? 0) + 1)
  t.strictSame(
    Object.fromEntries([...programs].toSorted()),
    { chmod: 9, chown: 3, mkdir: 5, mv: 10, rm: 2, sync: 2 },
    'one mv for each file, all else together, in two messages',
  )
  t.equal(readFileSync(at("a/it's\nodd"), 'utf8'), strange)
  t.equal(readFileSync(at('lines'), 'utf8'), 'one\ntwo\n')
  t.strictSame(
    [
      'b/c/d',
      'a/1',
      "a/it's\nodd",
      'b/empty',
      'shared',
      'shared/inner',
      'old',
      'link',
      'handed/5',
    ].map((name) => {
      const { uid, gid } = lstatSync(at(name))
      return [name, mode(at(name)), uid, gid].join(' ')
    }),
    [
      'b/c/d 750 0 0',
      'a/1 640 0 0',
      "a/it's\nodd 600 0 0",
      'b/empty 644 65534 65534',
      'shared 2775 0 65534',
      'shared/inner 2755 0 65534',
      'old 2640 65534 65534',
      'link 644 0 0',
      'handed/5 600 0 0',
    ],
  )
  t.equal(lstatSync(at('shared/inner/4')).gid, 65534, 'the folder hands its group down')
  t.ok(lstatSync(at('link')).isFile())
  t.notOk(names(folder).some((name) => name.includes('.hostwright')))
  t.same([...new Set((await ensure(t, wishes)).statuses)], ['ok'])
})

t.test(
  'of several that are done in one go the one that fails is told, and those before it are done',
  async (t) => {
    const folder = await tempFolder(t)
    const at = (name: string) => join(folder, name)
    const wishes = [
      file({ path: at('one'), content: '1' }),
      lineInFile({ path: at('two'), line: '2', create: true }),
      file({ path: '/proc/no-such-file', content: 'x' }),
      file({ path: at('three'), content: '3' }),
    ]
    const { error, events, statuses } = await ensure(t, wishes)
    t.match(error, { code: 'TASK_FAILED', task: 'file /proc/no-such-file' })
    t.same(statuses, ['changed', 'changed', 'failed'])
    t.same(names(folder), ['one', 'two'])
    const changed = events.filter((event) => event.type === 'task' && event.changes.length > 0)
    t.equal(changed.length, 2, 'with what was changed')
    const again = await ensure(t, [
      directory({ path: at('new') }),
      directory({ path: '/proc/no-such-folder' }),
      directory({ path: at('never') }),
    ])
    t.match(again.error, { code: 'TASK_FAILED', task: 'directory /proc/no-such-folder' })
    t.same(names(folder), ['new', 'one', 'two'])
  },
)

t.test('what has not run after a step of several that failed is not told as changed', async (t) => {
  const folder = await tempFolder(t)
  const at = (name: string) => join(folder, name)
  const rest = [
    command({ run: `touch ${at('ran')}`, creates: at('ran'), name: 'runs' }),
    command({ run: 'false', name: 'guarded', creates: folder }),
  ]
  const both = (owner: string) => [
    file({ path: at('one'), content: '1' }),
    file({ path: at('two'), content: '2', owner }),
  ]
  const refused = await ensure(t, [...both('nosuchuser'), ...rest])
  t.match(refused.error, { task: `file ${at('two')}` })
  t.same(refused.statuses, ['changed', 'failed'])
  t.same(names(folder), ['one'])
  const told = refused.events.filter((event) => event.type === 'output')
  t.match(told, [{ task: `file ${at('two')}`, text: /nosuchuser/ }], 'by the one whose it is')
  t.equal(told.length, 1)

  rmSync(at('one'))
  const bin = await tempFolder(t)
  const fails = `#!/bin/sh\n[ -e ${bin}/failed ] || { touch ${bin}/failed; exit 1; }\nexec /bin/sync "$@"\n`
  writeFileSync(join(bin, 'sync'), fails, { mode: 0o755 })
  const path = process.env['PATH'] ?? ''
  process.env['PATH'] = `${bin}:${path}`
  const mended = await ensure(t, [...both('root'), ...rest])
  process.env['PATH'] = path
  t.equal(mended.error, undefined)
  t.ok(existsSync(join(bin, 'failed')))
  t.same(mended.statuses, ['changed', 'changed', 'changed', 'skipped'])
})

t.test('files of one folder by two names are written in one go', async (t) => {
  const folder = await tempFolder(t)
  mkdirSync(join(folder, 'real'))
  symlinkSync('real', join(folder, 'link'))
  mkdirSync(join(folder, 'real/inner'))
  const made = await ensure(
    t,
    ['real/inner/1', 'link/inner/2'].map((name) =>
      file({ path: join(folder, name), content: name }),
    ),
  )
  t.equal(made.error, undefined)
  t.equal(made.trips, 2)
  t.same(names(join(folder, 'real/inner')), ['1', '2'])
})

t.test('of directories in a row none is made after one that cannot be', async (t) => {
  const folder = await tempFolder(t)
  const at = (name: string) => join(folder, name)
  const { error } = await ensure(t, [
    directory({ path: at('zero') }),
    // Nobody has seen it: it comes in the same message.
    command({ run: `touch ${at('one')}`, creates: at('zero/never') }),
    ...['one', 'two', 'two/deep'].map((name) => directory({ path: at(name), owner: '65534' })),
  ])
  t.match(error, { task: `directory ${at('one')}` })
  t.same(names(folder), ['one', 'zero'])
  const handed = at('handed')
  mkdirSync(handed)
  chownSync(handed, 0, 65534)
  chmodSync(handed, 0o2755)
  const wishes = [
    directory({ path: join(handed, 'inner') }),
    file({ path: join(handed, 'inner/file'), content: 'x', group: 'root' }),
  ]
  t.equal((await ensure(t, wishes)).error, undefined)
  t.equal(lstatSync(join(handed, 'inner/file')).gid, 0)
  t.same((await ensure(t, wishes)).statuses, ['ok', 'ok'])
})

t.test('texts that differ are asked for together', async (t) => {
  const folder = await tempFolder(t)
  const wishes = (text: string) =>
    Array.from({ length: 8 }, (_, at) => file({ path: join(folder, `f${at}`), content: text }))
  t.equal((await ensure(t, wishes('one'))).trips, 2)
  const { trips, events } = await ensure(t, wishes('two'))
  t.equal(trips, 3, 'what there is, the texts, the writes')
  const [task] = events.filter((event) => event.type === 'task')
  t.match(task, { changes: [{ before: 'one', after: 'two' }] })
  t.equal((await ensure(t, wishes('three'), 'check')).trips, 2)
})

t.test('nobody ever reads half a file or a missing one', { timeout: 60_000 }, async (t) => {
  const folder = await tempFolder(t)
  const path = join(folder, 'f')
  const contents = ['a', 'b'].map((letter) => letter.repeat(200_000))
  writeFileSync(path, contents[0]!)
  const seen = new Set<string>()
  const watching = new AbortController()
  const watch = (async () => {
    while (!watching.signal.aborted) {
      seen.add(readFileSync(path, 'utf8'))
      await sleep(1)
    }
  })()
  for (const content of [contents[1]!, contents[0]!]) await ensure(t, [file({ path, content })])
  watching.abort()
  await watch
  t.ok([...seen].every((text) => contents.includes(text)))
})

t.test('errors name the task, its line and what to do', async (t) => {
  const folder = await tempFolder(t)
  const { error } = await ensure(t, [file({ path: join(folder, 'no/f'), content: 'x' })])
  t.match(error, {
    code: 'TASK_FAILED',
    host: 'here',
    task: `file ${folder}/no/f`,
    hint: `Put directory({ path: '${folder}/no' }) before it`,
    place: { file: /files\.ts$/ },
  })
  const failed = await ensure(t, [command({ run: 'echo wrong >&2; exit 7', name: 'fail' })])
  t.match(failed.error, { code: 'TASK_FAILED', task: 'command fail', exitCode: 7, stderr: /wrong/ })
  const late = await ensure(t, [command({ run: 'sleep 30', name: 'sleep', timeout: 300 })])
  t.match(late.error, { code: 'COMMAND_TIMEOUT', task: 'command sleep' })
  const syntax = await ensure(t, [
    command({ run: 'if (', name: 'broken' }),
    file({ path: join(folder, 'after'), content: '' }),
  ])
  t.match(syntax.error, { task: 'command broken' })
  t.notOk(existsSync(join(folder, 'after')))
})

t.test('sshKeypair() makes a pair once and gives its public key', async (t) => {
  const folder = await tempFolder(t)
  const path = join(folder, "id 'x'")
  const wish = sshKeypair({ path, comment: 'me@here' })
  const first = await ensure(t, [wish])
  t.equal(first.error, undefined)
  const [output] = first.outputs as { publicKey: string; fingerprint: string }[]
  t.match(output?.publicKey, /^ssh-ed25519 AAAA\S+ me@here$/)
  t.match(output?.fingerprint, /^SHA256:\S{43}$/)
  t.same([mode(path), mode(`${path}.pub`)], ['600', '644'])
  t.same(names(folder), ["id 'x'", "id 'x'.pub"])
  const key = readFileSync(path, 'utf8')
  t.notMatch(JSON.stringify(first.events), key.split('\n')[2], 'the private key stays on the host')
  const second = await ensure(t, [wish])
  t.same(second.statuses, ['ok'])
  t.same(second.outputs, [output])
  t.equal(readFileSync(path, 'utf8'), key)
  writeFileSync(`${path}.pub`, '')
  await ensure(t, [file({ path: `${path}.pub`, state: 'absent' })])
  const third = await ensure(t, [wish])
  t.same(third.statuses, ['changed'])
  t.match((third.outputs as { fingerprint: string }[])[0], { fingerprint: output?.fingerprint })
  rmSync(`${path}.pub`)
  symlinkSync('elsewhere', `${path}.pub`)
  t.same((await ensure(t, [wish])).statuses, ['changed'])
  t.same(names(folder), ["id 'x'", "id 'x'.pub"], 'nothing is written through a symlink')
})

t.test('waitForPort() waits, for as long as it is told', { timeout: 60_000 }, async (t) => {
  const server = createServer()
  const port = 20_000 + (process.pid % 20_000)
  t.teardown(() => server.close())
  setTimeout(() => server.listen(port, '127.0.0.1'), 1_500)
  const { error } = await ensure(t, [waitForPort({ port, timeout: 20_000 })])
  t.equal(error, undefined)
  t.ok(server.listening)
  t.same((await ensure(t, [waitForPort({ port })])).statuses, ['ok'])
  t.same((await ensure(t, [waitForPort({ port, host: '127.0.0.1' })])).statuses, ['ok'])
  const late = await ensure(t, [waitForPort({ port, state: 'closed', timeout: 600 })])
  t.match(late.error, {
    code: 'TASK_FAILED',
    message: `Cannot wait for port "${port}": it is not closed after 0.6 s`,
  })
})

t.test('directory() leaves what it finds, but for mode and owner', async (t) => {
  const folder = await tempFolder(t)
  mkdirSync(join(folder, 'real'))
  writeFileSync(join(folder, 'real/f'), 'x')
  symlinkSync('real', join(folder, 'link'))
  const { error } = await ensure(t, [directory({ path: join(folder, 'link'), mode: '0700' })])
  t.equal(error, undefined)
  t.ok(lstatSync(join(folder, 'link')).isSymbolicLink())
  t.equal(mode(join(folder, 'real')), '700')
  t.same(names(join(folder, 'real')), ['f'])
})
