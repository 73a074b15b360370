import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { tempFolder } from '../fixtures/run.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = `${root}lib/cli/hostwright.mjs`
const { version, bin: bins } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
}

/** Runs the command itself, in a folder that is not the package's. */
function hostwright(cwd: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '' },
    timeout: 60_000,
  })
  return { status, stdout, stderr }
}

t.test('hostwright prints its version and its help', async (t) => {
  t.equal(`${root}${bins['hostwright'] ?? ''}`, bin)
  t.strictSame(hostwright('/', '--version'), { status: 0, stdout: `${version}\n`, stderr: '' })
  const help = hostwright('/', '--help')
  t.match(help, { status: 0, stderr: '' })
  for (const command of ['run', 'inventory', 'vault', 'lab'])
    t.match(help.stdout, new RegExp(`^  ${command} `, 'm'))
  t.match(help.stdout, /\(drift has its own: see\s+its --help\)/)
})

t.test('hostwright refuses what is no command', async (t) => {
  const cases: readonly (readonly [readonly string[], string, string])[] = [
    [[], 'Cannot run hostwright: no command is given', 'See hostwright --help'],
    [['vualt'], 'Cannot run command "vualt": there is no such command', 'Did you mean vault?'],
    [['inve'], 'Cannot run command "inve": there is no such command', 'Did you mean inventory?'],
    [['toString'], 'Cannot run command "toString": there is no such command', 'See hostwright'],
    [['run'], 'Cannot run a playbook: its path is missing', 'Write hostwright run PLAYBOOK'],
    [
      ['run', '--chekc', 'no.ts'],
      'Cannot run a playbook: its path does not come before the flags',
      'Write hostwright run PLAYBOOK FLAGS',
    ],
    [
      ['drift', '--remediate'],
      'Cannot check a playbook for drift: its path does not come before the flags',
      'Write hostwright drift PLAYBOOK FLAGS',
    ],
    [
      ['drift', '--repot', 'r.md', 'no.ts'],
      'Cannot check a playbook for drift: its path does not come before the flags',
      'Write hostwright drift PLAYBOOK FLAGS',
    ],
    [['run', 'no.ts'], 'Cannot run playbook "no.ts": there is no such file', 'Check the path'],
  ]
  for (const [args, message, hint] of cases) {
    const { status, stdout, stderr } = hostwright('/', ...args)
    t.match({ status, stdout }, { status: 1, stdout: '' })
    t.ok(stderr.startsWith(`${message}\n  code: USAGE_INVALID\n  hint: ${hint}`), stderr)
  }
})

t.test('hostwright run says what a package lacks whose files are CommonJS', async (t) => {
  const folder = t.testdir({ 'package.json': '{}', 'book.ts': 'await Promise.resolve()\n' })
  const { status, stderr } = hostwright(folder, 'run', 'book.ts')
  t.equal(status, 1)
  t.match(stderr, /^Cannot load ".*book\.ts": it is taken for CommonJS\n {2}code: USAGE_INVALID/)
  t.match(stderr, /hint: put "type": "module" into the package\.json/)
})

t.test('hostwright says what to do where npm install is still to be run', async (t) => {
  // The checkout's tsconfig.json, which knows the package, is not to be found above it.
  const folder = await tempFolder(t)
  const files = {
    'package.json': '{ "type": "module" }',
    'hosts.ts': `import { defineLab } from 'hostwright/lab'\nexport default defineLab({})\n`,
    'site.ts': `import './roles/motd.ts'\n`,
    'roles/motd.ts': `import { role } from 'hostwright'\nexport const motd = role({})\n`,
  }
  mkdirSync(join(folder, 'roles'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  for (const [from, ...words] of [
    ['roles/motd.ts', 'doc', 'roles/motd.ts'],
    ['roles/motd.ts', 'run', 'site.ts'],
    ['roles/motd.ts', 'drift', 'site.ts', '-i', 'hosts.ts'],
    ['hosts.ts', 'lab', 'status', '-i', 'hosts.ts'],
    ['hosts.ts', 'inventory', '-i', 'hosts.ts', '--list'],
  ] as const) {
    const { status, stderr } = hostwright(folder, ...words)
    t.equal(status, 1, words.join(' '))
    const [message, ...rest] = stderr.split('\n')
    t.equal(message, `Cannot load "${folder}/${from}": package "hostwright" is not installed`)
    t.match(rest.join('\n'), `  code: USAGE_INVALID\n  place: ${from}\n`)
    t.match(rest.join('\n'), `\n  hint: run npm install in ${folder}; `)
  }
})

t.test('hostwright init refuses what is no folder, and writes nothing', async (t) => {
  const folder = t.testdir({ file: '', begun: { playbooks: '' } })
  for (const [wanted, at] of [
    ['file', 'file'],
    ['file/below', 'file'],
    ['begun', 'begun/playbooks'],
  ] as const) {
    const { status, stdout, stderr } = hostwright(folder, 'init', wanted)
    t.match({ status, stdout }, { status: 1, stdout: '' }, wanted)
    const message = `Cannot write in "${folder}/${at}": it is no folder\n  code: USAGE_INVALID\n`
    t.equal(stderr.slice(0, message.length), message)
  }
  t.same(readdirSync(join(folder, 'begun')), ['playbooks'])
})

t.test('hostwright lab refuses an inventory that is no lab', async (t) => {
  const folder = t.testdir({ 'hosts.yml': 'all: { hosts: { a: } }\n', 'none.mjs': 'export {}\n' })
  for (const name of ['hosts.yml', 'none.mjs'])
    t.match(hostwright(folder, 'lab', 'up', '-i', name), {
      status: 1,
      stderr: new RegExp(
        `^Cannot use inventory "${name}": it is not a lab\n {2}code: INVENTORY_INVALID`,
      ),
    })
})

t.test('hostwright finds its commands', async (t) => {
  for (const command of ['inventory', 'vault', 'lab']) {
    const { status, stdout } = hostwright('/', command, '--help')
    t.equal(status, 0, command)
    t.match(stdout, `Usage: hostwright ${command}`)
  }
})

t.test('hostwright run gives a playbook its arguments, and takes its exit code', async (t) => {
  const folder = t.testdir({
    'package.json': '{ "type": "module" }',
    'book.ts': `const words: readonly string[] = process.argv.slice(2)
console.log(JSON.stringify(words), process.argv[1])
process.exitCode = 4
`,
    'broken.ts': `const nothing = undefined as unknown as { readonly text: string }
console.log(nothing.text)
`,
  })
  t.strictSame(hostwright(folder, 'run', 'book.ts', '-i', 'lab', '--check'), {
    status: 4,
    stdout: `["-i","lab","--check"] ${folder}/book.ts\n`,
    stderr: '',
  })
  const { status, stderr } = hostwright(folder, 'run', 'broken.ts')
  t.equal(status, 2)
  t.match(stderr, /^Cannot read properties of undefined/)
  t.match(stderr, /place: broken\.ts:2:/, 'the line of the playbook')
})

t.test(
  'npm run lab finds out that it can not before it installs anything',
  { skip: process.getuid?.() !== 0 || !existsSync('/etc/debian_version') ? 'root only' : false },
  async (t) => {
    const folder = t.testdir({ filesystems: 'nodev\tproc\n\text4\n' })
    const script = `mount --bind ${folder}/filesystems /proc/filesystems && PATH=/none exec "$@"`
    const lab = [process.execPath, `${root}lib/cli/bootstrap.mjs`]
    const { status, stdout, stderr } = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', script, 'sh', ...lab],
      { encoding: 'utf8' },
    )
    t.strictSame(
      { status, stdout, stderr },
      {
        status: 1,
        stdout: '',
        stderr:
          'Cannot run the lab: the kernel has no overlay file system\n  Use a kernel that has it\n',
      },
    )
  },
)
