import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import t from 'tap'
import { Secret } from '../../lib/core/secret.js'
import { runVault } from '../../lib/cli/vault.js'
import {
  decryptVault,
  encryptVault,
  loadInventory,
  vaultId,
  vaultPasswordSource,
} from '../../lib/inventory/index.js'

const password = 'correct horse'
const fixtures = fileURLToPath(new URL('fixtures/vault', import.meta.url))
const program = fileURLToPath(new URL('../../lib/cli/hostwright.mjs', import.meta.url))
const passwordFile = join(fixtures, 'password')
const environment = {
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  ANSIBLE_LOCALHOST_WARNING: 'false',
}

/**
 * Runs `hostwright vault` in a session of its own, where there is no terminal to ask on, and without
 * the loader that tap hands down.
 */
function vault(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(
    'setsid',
    ['--wait', 'env', '-u', 'NODE_OPTIONS', process.execPath, program, 'vault', ...args],
    {
      encoding: 'utf8',
      input,
      env: environment,
    },
  )
  return { status, stdout, stderr }
}

t.test('decryptVault() undoes encryptVault()', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.string({ minLength: 1, unit: 'grapheme' }),
        fc.option(fc.stringMatching(/^[a-z0-9_-]{1,10}$/), { nil: undefined }),
        (bytes, secret, id) => {
          const text = encryptVault(Buffer.from(bytes), secret, id)
          return (
            decryptVault(text, secret).equals(bytes) &&
            text.split('\n').every((line) => line.length <= 80) &&
            vaultId(text) === (id === 'default' ? undefined : id)
          )
        },
      ),
      { numRuns: 30 },
    ),
  )
  t.end()
})

t.test('decryptVault() reads what ansible-vault 2.14 wrote', (t) => {
  const plain = readFileSync(join(fixtures, 'inventory/group_vars/web'), 'utf8')
  const labelled = readFileSync(join(fixtures, 'inventory/group_vars/all'), 'utf8')
  t.match(decryptVault(plain, password).toString(), /^web_password: hunter2-one\n/)
  t.equal(decryptVault(labelled, password).toString(), 'unicode: "pässwörd ☃"\n')
  t.equal(vaultId(plain), undefined)
  t.equal(vaultId(labelled), 'lab')
  t.end()
})

t.test('decryptVault() refuses', (t) => {
  const text = encryptVault('text', password)
  const [header = '', ...lines] = text.split('\n')
  const last = lines.at(-2) ?? ''
  const changed = last.replace(/.$/, (digit) => (digit === '1' ? '2' : '1'))
  const cases: readonly (readonly [text: string, reason: RegExp])[] = [
    ['', /does not start with/],
    ['a: 1\n', /does not start with/],
    [text.replace('1.1', '1.0'), /its format is "1.0"/],
    [text.replace('AES256', 'AES'), /its cipher is "AES"/],
    [header, /does not hold/],
    [text.replace(/\n./, '\nx'), /not hexadecimal/],
    [
      [header, ...lines.slice(0, -2), changed, ''].join('\n'),
      /the password is wrong, or the text was changed/,
    ],
    [
      [header, ...lines.slice(0, -2), ''].join('\n'),
      /does not hold|the text was changed|not hexadecimal/,
    ],
  ]
  for (const [broken, message] of cases)
    t.throws(() => decryptVault(broken, password), { code: 'VAULT_INVALID', message })
  t.throws(() => decryptVault(text, 'wrong'), {
    code: 'VAULT_INVALID',
    message: /the password is wrong/,
  })
  t.throws(() => encryptVault(text, password), { message: /it is a vault already/ })
  t.throws(() => encryptVault('x', ''), { message: /password is empty/ })
  t.throws(() => encryptVault('x', password, 'a;b'), { message: /vault ID "a;b"/ })
  t.end()
})

t.test('runVault() works on files in place', async (t) => {
  const root = t.testdir({
    'a.yml': 'a: 1\n',
    'b.bin': Buffer.from([0, 255, 10]),
    link: t.fixture('symlink', 'a.yml'),
  })
  const file = join(root, 'a.yml')
  const binary = join(root, 'b.bin')
  chmodSync(file, 0o640)
  const flags = ['--vault-password-file', passwordFile]
  t.equal(await runVault(['encrypt', join(root, 'link'), binary, ...flags]), 0)
  t.match(readFileSync(file, 'utf8'), /^\$ANSIBLE_VAULT;1\.1;AES256\n/, 'a link is followed')
  t.equal(statSync(file).mode & 0o777, 0o640, 'the mode stays')
  await t.rejects(runVault(['encrypt', file, ...flags]), {
    message: /it is a vault already/,
    place: { file },
  })
  t.equal(await runVault(['decrypt', file, binary, ...flags]), 0)
  t.equal(readFileSync(file, 'utf8'), 'a: 1\n')
  t.strictSame([...readFileSync(binary)], [0, 255, 10])
  t.strictSame(readdirSync(root).toSorted(), ['a.yml', 'b.bin', 'link'], 'nothing is left behind')
})

t.test('runVault() keeps the text that is edited to itself', async (t) => {
  const text = encryptVault('a: 1\n', password, 'lab')
  const root = t.testdir({
    v: text,
    change: '#!/bin/sh\nsed -i s/1/2/ "$1"\n',
    look: '#!/bin/sh\nstat -c "%a %n" "$1" "$(dirname "$1")" >"$0.seen"\ncat "$1" >"$0.text"\n',
    wait: '#!/bin/sh\ndirname "$1" >"$0.tmp"\nmv "$0.tmp" "$0.started"\nexec sleep 60\n',
  })
  const file = join(root, 'v')
  for (const name of ['change', 'look', 'wait']) chmodSync(join(root, name), 0o755)
  const flags = ['edit', file, '--vault-password-file', passwordFile]
  t.teardown(() => delete process.env['EDITOR'])
  const edit = (editor: string) => {
    process.env['EDITOR'] = editor
    return runVault(flags)
  }

  t.equal(await edit(join(root, 'look')), 0)
  t.equal(readFileSync(join(root, 'look.text'), 'utf8'), 'a: 1\n')
  const [, seen = '', folder = ''] =
    /^600 (.*)\n700 (.*)\n$/.exec(readFileSync(join(root, 'look.seen'), 'utf8')) ?? []
  t.match(seen, /^\/dev\/shm\/hostwright-vault-\w+\/v$/)
  t.notOk(existsSync(folder), 'the folder is removed')
  await t.rejects(edit('false'), {
    code: 'COMMAND_FAILED',
    message: /the editor ended with exit status 1/,
  })
  await t.rejects(edit('/nowhere/editor'), {
    code: 'COMMAND_FAILED',
    message: /the editor cannot be run/,
  })
  t.equal(readFileSync(file, 'utf8'), text, 'unchanged content keeps the file')

  t.equal(await edit(join(root, 'change')), 0)
  const changed = readFileSync(file, 'utf8')
  t.equal(decryptVault(changed, password).toString(), 'a: 2\n')
  t.equal(vaultId(changed), 'lab', 'the vault ID stays')

  const editing = spawn(process.execPath, [program, 'vault', ...flags], {
    env: { ...environment, EDITOR: join(root, 'wait') },
    stdio: 'ignore',
  })
  const ended = new Promise((resolve) => editing.on('close', (_, signal) => resolve(signal)))
  const started = join(root, 'wait.started')
  while (!existsSync(started)) await setTimeout(20)
  editing.kill('SIGTERM')
  t.equal(await ended, 'SIGTERM')
  t.notOk(existsSync(readFileSync(started, 'utf8').trim()), 'the folder is removed by a signal too')
})

t.test('hostwright vault encrypt-string prints a value for YAML', async (t) => {
  const flags = ['encrypt-string', '--name', 'token', '--vault-password-file', passwordFile]
  const printed = vault(flags, 'hunter2-five\n')
  t.match(printed, {
    status: 0,
    stderr: /line feed at the end/,
    stdout: /^token: !vault \|\n {10}\$ANSIBLE_VAULT;1\.1/,
  })
  const root = t.testdir({ h: 'x\n', host_vars: { 'x.yml': printed.stdout } })
  const inventory = await loadInventory({
    sources: [join(root, 'h')],
    vaultPassword: () => Promise.resolve(password),
  })
  const token = inventory.hosts.get('x')?.vars['token']
  t.equal(token instanceof Secret && token.reveal(), 'hunter2-five\n')
  await t.rejects(runVault([...flags, 'hunter2']), { message: /list of processes/ })
})

t.test('vaultPasswordSource() finds the password', async (t) => {
  const root = t.testdir({
    script: `#!/bin/sh\necho '${password}'\n`,
    failing: '#!/bin/sh\nexit 3\n',
    empty: '\n',
    data: `${password}\n`,
    other: 'other\n',
  })
  for (const name of ['script', 'failing']) chmodSync(join(root, name), 0o755)
  const find = (file: string | undefined, env: Record<string, string> = {}) => {
    Object.assign(process.env, env)
    return vaultPasswordSource({ file: file === undefined ? undefined : join(root, file) })()
  }
  t.equal(await find('script'), password, 'an executable file is run')
  t.equal(await find('data'), password)
  for (const [file, message] of [
    ['failing', /it ended with exit status 3/],
    ['empty', /Cannot use the vault password: it is empty/],
    ['nowhere', /there is no such file/],
  ] as const)
    await t.rejects(find(file), { code: 'VAULT_INVALID', message })
  t.teardown(() => {
    delete process.env['ANSIBLE_VAULT_PASSWORD_FILE']
    delete process.env['HOSTWRIGHT_VAULT_PASSWORD']
  })
  t.equal(await find(undefined, { ANSIBLE_VAULT_PASSWORD_FILE: join(root, 'data') }), password)
  t.equal(
    await find(undefined, { HOSTWRIGHT_VAULT_PASSWORD: 'ours' }),
    'ours',
    'our own variable wins',
  )
  t.equal(await find('other'), 'other', 'the flag wins over the environment')
})

t.test('the vault password is asked for on the terminal, without echo', async (t) => {
  const root = t.testdir({ v: 'a: 1\n' })
  const file = join(root, 'v')
  // script(1) gives the command a terminal.
  const onTerminal = async (command: string) => {
    const line = `env -u NODE_OPTIONS '${process.execPath}' '${program}' vault ${command} '${file}'`
    const child = spawn('script', ['-qec', line, '/dev/null'], { env: environment })
    let shown = ''
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString()
      if (shown.endsWith('password: ')) child.stdin.write(`${password}\r`)
    })
    const status = await new Promise((resolve) => child.on('close', resolve))
    return { status, shown: shown.replaceAll('\r', '') }
  }
  t.strictSame(await onTerminal('encrypt'), {
    status: 0,
    shown: 'New vault password: \nConfirm new vault password: \n',
  })
  t.equal(decryptVault(readFileSync(file, 'utf8'), password).toString(), 'a: 1\n')
  t.strictSame(await onTerminal('view'), { status: 0, shown: 'Vault password: \na: 1\n' })
  t.match(vault(['view', file]), {
    status: 1,
    stderr: /Cannot ask for the vault password: there is no terminal/,
  })
})

t.test('runVault() refuses a wrong command line', async (t) => {
  const refusals: readonly (readonly [args: readonly string[], reason: RegExp])[] = [
    [[], /there is no such command/],
    [['encryptt', 'x'], /Cannot run vault command "encryptt"/],
    [['view'], /no file is given/],
    [['view', '--foo', 'x'], /Cannot use flag "--foo": there is no such flag/],
    [['view', 'x', '--name'], /Cannot use flag "--name": its value is missing/],
    [['view', 'x', '--name', 'y'], /only encrypt-string takes it/],
    [['view', '/nowhere/x', '--vault-password-file', passwordFile], /there is no such file/],
  ]
  for (const [args, message] of refusals)
    await t.rejects(runVault(args), { code: 'USAGE_INVALID', message }, args.join(' '))
})

const ansible = (...args: readonly string[]) =>
  spawnSync('ansible-vault', args, { encoding: 'utf8', env: environment })
const hasAnsible = ansible('--version').status === 0
const skip = hasAnsible ? false : 'ansible-vault is not installed here'
t.test('ansible-vault and runVault() read each other', { skip }, async (t) => {
  const root = t.testdir({ ours: 'a: "pässwörd"\n', theirs: 'b: 2\n' })
  const ours = join(root, 'ours')
  const theirs = join(root, 'theirs')
  t.equal(await runVault(['encrypt', ours, '--vault-password-file', passwordFile]), 0)
  t.equal(ansible('view', ours, '--vault-password-file', passwordFile).stdout, 'a: "pässwörd"\n')
  t.equal(ansible('encrypt', theirs, '--vault-id', `lab@${passwordFile}`).status, 0)
  t.equal(await runVault(['decrypt', theirs, '--vault-password-file', passwordFile]), 0)
  t.equal(readFileSync(theirs, 'utf8'), 'b: 2\n')
  t.equal(ansible('decrypt', ours, '--vault-password-file', passwordFile).status, 0)
  t.equal(readFileSync(ours, 'utf8'), 'a: "pässwörd"\n')
})
