import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { HostwrightError } from '../core/errors.js'
import { importModule } from '../core/import-module.js'
import type { Lab } from '../lab/index.js'

const usage = `Usage: hostwright lab <command> [-i INVENTORY]

  up               boot the hosts that do not run, from blank the first time
  down             remove the lab; cached images and packages stay
  status           show the hosts; exits with 0 when the lab is up, else with 1
  ssh HOST [CMD…]  log in to a host as root, or run a command on it
  reset [HOST]     destroy a host, or all of them, and boot it again blank

  -i, --inventory  an inventory whose default export is a lab (default: inventories/lab)
`

/**
 * Runs `hostwright lab`.
 *
 * @param argv what comes after the word lab
 * @returns the exit code
 * @throws HostwrightError USAGE_INVALID, INVENTORY_INVALID, LAB_UNAVAILABLE, LAB_FAILED
 */
export async function runLab(argv: readonly string[]): Promise<number> {
  const { inventory, help, words } = parse(argv)
  const [command, ...rest] = words
  if (help || command === undefined) {
    process.stdout.write(usage)
    return help ? 0 : 1
  }
  const most = { up: 0, down: 0, status: 0, reset: 1, ssh: Infinity }[command]
  if (most === undefined)
    throw wrong(`Cannot run lab command "${command}": there is no such command`)
  if (rest.length > most)
    throw wrong(`Cannot run lab command "${command}": "${rest[most]}" is one argument too many`)
  const lab = await loadLab(inventory)
  if (command === 'up') await lab.up(print)
  if (command === 'down') await lab.down()
  if (command === 'reset') await lab.reset(rest[0], print)
  if (command === 'status') return showStatus(lab)
  if (command === 'ssh') return logIn(lab, rest)
  return 0
}

const options = {
  inventory: { type: 'string', short: 'i', default: 'inventories/lab' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

interface Arguments {
  readonly inventory: string
  readonly help: boolean
  readonly words: readonly string[]
}

/** What follows the host of `ssh` is the remote command's, whatever it looks like. */
function parse(argv: readonly string[]): Arguments {
  const args = [...argv]
  const loose = { args, options, strict: false, allowPositionals: true, tokens: true } as const
  const [command, host] = parseArgs(loose).tokens.filter(({ kind }) => kind === 'positional')
  const end =
    command !== undefined && argv[command.index] === 'ssh' && host ? host.index + 1 : Infinity
  try {
    const own = { args: argv.slice(0, end), options, allowPositionals: true } as const
    const { values, positionals } = parseArgs(own)
    const late = argv[end]
    if (late !== undefined && /^(-i|--inventory)/.test(late))
      throw wrong(`Cannot use "${late}" behind the host: what stands there is for ssh`)
    return { ...values, words: [...positionals, ...argv.slice(end)] }
  } catch (cause) {
    if (cause instanceof HostwrightError) throw cause
    throw wrong(`Cannot read the arguments of "lab": ${messageOf(cause)}`)
  }
}

/** The lab that an inventory, a file or a folder with hosts.ts, exports. */
async function loadLab(inventory: string): Promise<Lab> {
  const place = resolve(inventory)
  const found = statSync(place, { throwIfNoEntry: false })
  const file = found?.isDirectory() === true ? join(place, 'hosts.ts') : place
  if (statSync(file, { throwIfNoEntry: false }) === undefined)
    throw new HostwrightError(
      'INVENTORY_INVALID',
      `Cannot read inventory "${inventory}": no such file`,
      {
        place: { file },
        hint: 'Name a lab with -i, inventories/lab for example',
      },
    )
  const source = /\.[cm]?[jt]s$/.test(file) ? await importModule(file) : {}
  if (isLab(source['default'])) return source['default']
  throw new HostwrightError(
    'INVENTORY_INVALID',
    `Cannot use inventory "${inventory}": it is not a lab`,
    {
      place: { file },
      hint: 'Name a lab with -i; a lab is a program whose default export is what defineLab() gives',
    },
  )
}

function isLab(value: unknown): value is Lab {
  return typeof value === 'object' && value !== null && 'overlayFolder' in value
}

async function showStatus(lab: Lab): Promise<number> {
  const { name, subnet, state, hosts } = await lab.status()
  print(`lab ${name} (${subnet}): ${state}`)
  const width = Math.max(...hosts.map((host) => host.name.length))
  for (const host of hosts) {
    const notes = [host.state, ...(host.state === 'running' && !host.link ? ['unplugged'] : [])]
    if (host.ssh) notes.push('ssh')
    print(`  ${host.name.padEnd(width)}  ${host.address.padEnd(15)}  ${notes.join(', ')}`)
  }
  return state === 'up' ? 0 : 1
}

async function logIn(lab: Lab, [host, ...remote]: readonly string[]): Promise<number> {
  if (host === undefined)
    throw wrong('Cannot run lab command "ssh": it needs a host', 'See hostwright lab status')
  const [command = '', ...args] = lab.sshCommand(host)
  const child = spawn(command, [...args, ...remote], { stdio: 'inherit' })
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('close', (code) => done(code ?? 1))
  })
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function wrong(message: string, hint = 'See hostwright lab --help'): HostwrightError {
  return new HostwrightError('USAGE_INVALID', message, { hint })
}

function messageOf(cause: unknown): string {
  // Node adds advice after its first sentence.
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\. .*$/s, '')
}
