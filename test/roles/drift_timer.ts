import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import * as v from 'valibot'
import { secret } from '../../lib/core/secret.js'
import type { CommandOptions } from '../../lib/resources/command.js'
import { fakeHost } from '../../lib/testing/index.js'
import { driftTimer } from '../../roles/drift_timer/index.js'
import { params } from '../../roles/drift_timer/params.js'
import { project } from '../../roles/drift_timer/project.js'
import { environmentLine, pathWord, plain, word } from '../../roles/drift_timer/words.js'
import { tempFolder } from '../fixtures/run.js'

const inventory = 'inventories/production'

t.test('drift_timer reads its parameters', async (t) => {
  t.same(v.parse(params, { inventory }), {
    folder: '/opt/hostwright-drift',
    program: 'node_modules/.bin/hostwright',
    playbook: 'playbooks/site.ts',
    inventory,
    flags: [],
    calendar: 'hourly',
    randomizedDelay: 600,
    environment: {},
    writable: [],
  })
  const taken: readonly object[] = [
    { git: 'https://git.example.com/site.git' },
    { git: 'git@git.example.com:site.git' },
    { git: 'ssh://git@git.example.com/site.git' },
    { git: '/srv/git/site' },
    { keep: 1 },
    { environment: { HOSTWRIGHT_VAULT_PASSWORD: 'word' } },
  ]
  for (const one of taken)
    t.ok(v.is(params, { inventory, ...one }), `${JSON.stringify(one)} is taken`)
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ inventory: undefined }, /text/],
    [{ folder: 'opt' }, /not an absolute path/],
    [{ git: 'https://token@git.example.com/site.git' }, /user who clones it.* a deploy key/],
    [{ git: 'ssh://git:word@git.example.com/site.git' }, /holds a password/],
    [{ revision: 'main' }, /not the hash of a commit/],
    [{ keep: 0 }, /less than 1/],
    [{ keep: 1.5 }, /not a whole number/],
    [{ calendar: 'hourly\nOnBootSec=1' }, /more than one line/],
    [{ flags: ['--report', 'a\nUser=root'] }, /more than one line/],
    [{ randomizedDelay: -1 }, /less than 0/],
    [{ environment: { 'A=B': 'c' } }, /not a name of a variable/],
    [{ writable: ['reports'] }, /not an absolute path/],
  ]
  for (const [change, message] of wrong) {
    const { issues = [] } = v.safeParse(params, { inventory, ...change })
    t.match(issues.map((issue) => issue.message).join(), message, JSON.stringify(change))
  }
})

/** What systemd makes of a word in quotes, of a command where it replaces variables too. */
function unquoted(text: string, isCommand: boolean): string {
  const inner = text.slice(1, -1).replaceAll(/\\(.)/g, '$1').replaceAll('%%', '%')
  return isCommand ? inner.replaceAll('$$', '$') : inner
}

t.test('drift_timer writes words in which systemd replaces nothing', async (t) => {
  t.equal(word('a b'), '"a b"')
  t.equal(word('100%h $HOME'), '"100%%h $$HOME"')
  t.equal(pathWord('/srv/100%h $HOME'), '"/srv/100%%h $HOME"')
  t.equal(plain('100%h "$HOME"'), '100%%h "$HOME"')
  for (const text of ['', 'a b', '%', '%%n', '$A ${B} $$', 'a"b\\c"', "it's"]) {
    t.equal(unquoted(word(text), true), text)
    t.equal(unquoted(pathWord(text), false), text)
  }
  t.equal(
    environmentLine(['A', secret('50% $HOME `id` "x" \\y')]),
    'A="50% \\$HOME \\`id\\` \\"x\\" \\\\y"\n',
  )
  // What a shell reads from it, which has the same rules between these quotes.
  for (const text of ["a'b", '$HOME', '`id`', '"', '\\', '50%', 'two\nlines']) {
    const line = environmentLine(['A', secret(text)])
    t.equal(execFileSync('sh', ['-c', `${line}printf %s "$A"`], { encoding: 'utf8' }), text)
  }
})

t.test('drift_timer writes its units so', async (t) => {
  const vars = {
    drift_timer: {
      folder: '/opt/100% $x',
      playbook: 'playbooks/5%.ts',
      inventory,
      keep: 30,
      flags: ['--report', '/srv/a b/$x.prom'],
      writable: ['/srv/a b', '/srv/%h'],
    },
  }
  const host = fakeHost({ vars })
  await driftTimer(host)
  const written = (name: string) =>
    host.tasks.find(({ task }) => task.endsWith(name))?.changes.find(({ after }) => after)?.after
  const lines = written('hostwright-drift.service')?.split('\n') ?? []
  const setting = (name: string) =>
    lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1)
  t.equal(
    setting('ExecStart'),
    [
      '"/usr/bin/flock" "--shared" "/opt/100%% $$x" "/opt/100%% $$x/node_modules/.bin/hostwright"',
      '"drift" "/opt/100%% $$x/playbooks/5%%.ts"',
      '"-i" "/opt/100%% $$x/inventories/production" "--keep" "30" "--report" "/srv/a b/$$x.prom"',
    ].join(' '),
  )
  t.equal(setting('Description'), 'Check for drift: playbooks/5%%.ts')
  t.equal(setting('ReadWritePaths'), '/var/lib/hostwright-drift "/srv/a b" "/srv/%%h"')
  const timer = written('hostwright-drift.timer')
  for (const line of [
    /^Description=.*5%%\.ts$/m,
    /^Persistent=true$/m,
    /^RandomizedDelaySec=600$/m,
  ])
    t.match(timer, line)
  for (const [name, value] of Object.entries({
    User: 'hostwright-drift',
    CapabilityBoundingSet: '',
    NoNewPrivileges: 'yes',
    ProtectSystem: 'strict',
    ProtectHome: 'yes',
    PrivateTmp: 'yes',
    SystemCallFilter: '@system-service',
  }))
    t.equal(setting(name), value, name)
  const other = fakeHost({ system: { family: 'redhat', packageManager: 'dnf' }, vars })
  await driftTimer(other)
  const planned = ({ tasks }: typeof host) => tasks.map(({ task, changes }) => ({ task, changes }))
  t.same(planned(other), planned(host), 'on EL9 likewise')
})

t.test('project() has the project at its commit', async (t) => {
  const folder = await tempFolder(t)
  const [source, target] = [join(folder, "it's a $source"), join(folder, 'a "target" 100%')]
  const git = (...words: readonly string[]) => {
    const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.com']
    return execFileSync('git', ['-C', source, ...who, ...words], { encoding: 'utf8' }).trim()
  }
  mkdirSync(source)
  git('init', '-q')
  const commit = (text: string) => {
    writeFileSync(join(source, 'file'), text)
    git('add', 'file')
    git('commit', '-q', '-m', text)
    return git('rev-parse', 'HEAD')
  }
  const [first, second] = [commit('one'), commit('two')]
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho "$PWD: $*" >>'${folder}/calls'\n`, {
    mode: 0o755,
  })
  const shell = (script: string, timeout?: number) => {
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` }
    try {
      execFileSync('sh', ['-c', script], { env, timeout, stdio: ['ignore', 'ignore', 'inherit'] })
      return true
    } catch {
      return false
    }
  }
  const steps = (revision: string) => {
    const resources = project(v.parse(params, { inventory, folder: target, git: source, revision }))
    t.equal(resources.length, 2)
    const { run, unless = '' } = resources[1]!.wish as CommandOptions
    return { run, unless }
  }
  const read = () => readFileSync(join(target, 'file'), 'utf8')

  const one = steps(first)
  t.match(one.run, `checkout -q --detach --force ${first}`)
  t.match(one.run, /^npm ci --omit=dev --ignore-scripts /m)
  t.notOk(shell(one.unless), 'it is not there')
  t.ok(shell(`umask 077\n${one.run}`))
  t.equal(read(), 'one', 'not the newest')
  for (const path of [target, join(target, 'file'), join(target, '.git/HEAD')])
    t.equal(statSync(path).mode & 0o044, 0o044, `the account can read ${path}`)
  t.ok(shell(one.unless), 'it is there')
  const two = steps(second)
  t.notOk(shell(two.unless), 'another commit is not')
  t.ok(shell(two.run))
  t.equal(read(), 'two')

  // As a check does while it runs.
  const check = spawn('flock', ['--shared', target, 'sh', '-c', 'echo begun; cat'])
  await once(check.stdout, 'data')
  t.notOk(shell(one.run, 500), 'it waits for a check')
  t.notOk(shell(one.run.replaceAll('600', '0.1')), 'but not without end')
  t.equal(read(), 'two')
  t.ok(shell(two.unless), 'which has all that it began with')
  check.stdin.end()
  await once(check, 'close')

  const third = steps(commit('three'))
  writeFileSync(join(target, 'file'), 'by hand')
  t.ok(shell(third.run), 'what is new is fetched, and what was done by hand gives way')
  t.equal(read(), 'three')
  rmSync(join(bin, 'npm'))
  writeFileSync(join(bin, 'npm'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  t.notOk(shell(one.run), 'packages that are not installed fail it')
  t.notOk(shell(one.unless), 'and it is done again')
  t.match(readFileSync(join(folder, 'calls'), 'utf8'), new RegExp(`^${target}: ci --omit=dev`))

  t.same(project(v.parse(params, { inventory })), [], 'without git it is there already')
  t.throws(() => project(v.parse(params, { inventory, git: source })), {
    code: 'PARAMETER_INVALID',
    message: /"revision" is missing/,
  })
})
