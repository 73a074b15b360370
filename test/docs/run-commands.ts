// Runs command lines of the documents, on a terminal, in a folder that has what they name.
import { spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { encryptVault } from '../../lib/inventory/index.js'
import { root } from './documents.js'

/** Why a line is not run: by how it begins, or the name of its block. */
export const linesNotRun: readonly (readonly [begin: string, reason: string])[] = [
  ['npx hostwright lab ', 'it boots hosts: test/build runs it'],
  ['README.md#1', 'it installs, boots hosts, and runs all tests, this one too'],
  ['npm run lab', 'it boots hosts: test/build runs it'],
  ['npm run test:keep', 'it boots hosts: test/build runs it'],
  ['npm run drift', 'it boots hosts: test/build runs it'],
  ['HOSTWRIGHT_KEEP=1 npm test', 'it boots hosts: test/build runs it, as npm run test:keep'],
  ['npm test', 'it boots hosts: test/build runs it'],
  ['npm run bench', 'it measures for minutes'],
  ['apt-get ', 'it installs on this machine'],
  ['README.md#8', 'it boots hosts: test/build runs it'],
]

const password = 'correct horse'

/** The repository as it is named, with this machine as its hosts and a file as all its playbooks do. */
export function makeRepository(folder: string): void {
  const bin = join(root, 'lib/cli/hostwright.mjs')
  const local = 'all: { hosts: { alma9-c1: { ansible_connection: local } } }\n'
  const playbook = (name: string) => `
    import { file, playbook } from '../lib/index.js'
    await playbook('${name}', async ({ play }) => {
      await play('all', { hosts: 'alma9-c1' }, async (host) => {
        await host.ensure(file({ path: '${join(folder, 'made')}', content: 'x' }))
      })
    })\n`
  const files = {
    'package.json': '{ "type": "module" }\n',
    'inventories/lab/hosts.yml': local,
    'inventories/alma9/group_vars/all.yml': 'ansible_connection: local\n',
    'group_vars/db/vault.yml': encryptVault('password: old\n', password),
    ...Object.fromEntries(
      ['site', 'update', 'verify'].map((name) => [`playbooks/${name}.ts`, playbook(name)]),
    ),
    // npx itself takes a second to find what is installed.
    'bin/npx': `#!/bin/sh
      case $1 in
      hostwright) shift; exec node '${bin}' "$@" ;;
      tsx) shift; exec node --import '${import.meta.resolve('tsx')}' "$@" ;;
      esac
      exit 127\n`,
  }
  cpSync(join(root, 'inventories/alma9'), join(folder, 'inventories/alma9'), { recursive: true })
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  chmodSync(join(folder, 'bin/npx'), 0o755)
  cpSync(join(root, 'playbooks/drift.ts'), join(folder, 'playbooks/drift.ts'))
  symlinkSync(join(root, 'lib'), join(folder, 'lib'))
}

/** Runs a line as its reader does, who answers what is asked. */
export async function runLine(
  folder: string,
  line: string,
): Promise<{ readonly exitCode: number | null; readonly shown: string }> {
  // script(1) gives the command a terminal.
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: folder,
    env: {
      PATH: `${join(folder, 'bin')}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      SHELL: '/bin/sh',
      EDITOR: 'sed -i s/old/new/',
      NO_COLOR: '1',
    },
  })
  let shown = ''
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
    if (/(?:password|Text to encrypt): $/.test(shown)) child.stdin.write(`${password}\r`)
  })
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { exitCode, shown: shown.replaceAll('\r', '') }
}
