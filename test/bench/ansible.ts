import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { labBase, piecesOf, type Piece, type Work } from './workloads.js'

const execute = promisify(execFile)
const template = fileURLToPath(new URL('templates/site.conf.hbs', import.meta.url))
const mitogen = '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy'

/**
 * The folder's ansible.cfg: pipelining, connections that are shared by all tasks of a run, a fork for
 * each host, no facts gathered, nothing to find out about the interpreter.
 */
export async function writeAnsibleSettings(folder: string, withMitogen: boolean): Promise<void> {
  await mkdir(join(folder, 'sockets'), { recursive: true })
  const strategy = [`strategy_plugins = ${mitogen}`, 'strategy = mitogen_linear']
  const lines = [
    '[defaults]',
    'forks = 50',
    'gathering = explicit',
    'interpreter_python = /usr/bin/python3',
    'nocows = True',
    'retry_files_enabled = False',
    ...(withMitogen ? strategy : []),
    '[ssh_connection]',
    'pipelining = True',
    'ssh_args = -C -o ControlMaster=auto -o ControlPersist=60s',
    `control_path_dir = ${join(folder, 'sockets')}`,
    '',
  ]
  await writeFile(join(folder, 'ansible.cfg'), lines.join('\n'))
}

/** Whether the strategy can be had. */
export function hasMitogen(): boolean {
  return existsSync(mitogen)
}

/** The work as a playbook; JSON is YAML. */
export async function writeAnsiblePlaybook(file: string, work: Work): Promise<void> {
  const tasks = piecesOf(work, labBase).map(taskOf)
  await writeFile(file, JSON.stringify([{ hosts: 'all', tasks }], undefined, 1))
}

/** Ends the shared connections that a run has left, so that each run logs in anew. */
export async function endSharedConnections(folder: string): Promise<void> {
  const sockets = join(folder, 'sockets')
  const end = async (name: string): Promise<unknown> =>
    // One that has ended by itself is no error.
    execute('ssh', ['-O', 'exit', '-o', `ControlPath=${join(sockets, name)}`, 'any']).catch(
      () => undefined,
    )
  await Promise.all((await readdir(sockets)).map(end))
}

/** How many tasks have changed something, of all hosts. */
export function changedByAnsible(stdout: string): number {
  const recap = stdout.slice(stdout.indexOf('PLAY RECAP'))
  return [...recap.matchAll(/changed=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0)
}

function taskOf(piece: Piece): Readonly<Record<string, unknown>> {
  switch (piece.kind) {
    case 'directory':
      return {
        'ansible.builtin.file': { path: piece.path, state: 'directory', mode: piece.mode },
      }
    case 'file':
      return {
        'ansible.builtin.copy': { dest: piece.path, content: piece.content, mode: piece.mode },
      }
    case 'template':
      return {
        'ansible.builtin.template': { src: template, dest: piece.path, mode: piece.mode },
        vars: piece.vars,
      }
    case 'line':
      return {
        'ansible.builtin.lineinfile': {
          path: piece.path,
          regexp: `^${piece.key} =`,
          line: piece.line,
          create: true,
        },
      }
    case 'symlink':
      return {
        'ansible.builtin.file': { path: piece.path, src: piece.target, state: 'link' },
      }
    case 'user':
      return { 'ansible.builtin.user': { name: piece.name } }
    case 'group':
      return { 'ansible.builtin.group': { name: piece.name } }
    case 'touch':
      return {
        'ansible.builtin.command': { cmd: `touch ${piece.path}`, creates: piece.path },
      }
  }
}
