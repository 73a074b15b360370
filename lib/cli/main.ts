import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { errorCodes, HostwrightError } from '../core/errors.js'
import { importModule } from '../core/import-module.js'
import { errorRecord } from '../report/error-record.js'
import { formatError } from '../report/format-error.js'
import { didYouMean } from './did-you-mean.js'
import { version } from './version.js'

interface Command {
  readonly usage: string
  readonly help: string
  readonly run: (argv: string[]) => Promise<number>
}

/** Each is loaded when it is used: what a command needs, the others do not wait for. */
const commands: Readonly<Record<string, Command>> = {
  init: {
    usage: 'init [FOLDER]',
    help: 'begin a repository with a playbook, a role and its test',
    run: async (argv) => (await import('./init.js')).runInit(argv),
  },
  run: {
    usage: 'run PLAYBOOK [flags]',
    help: 'run a playbook; its own --help tells the flags',
    run: runPlaybook,
  },
  drift: {
    usage: 'drift PLAYBOOK -i INVENTORY [flags]',
    help: 'check whether the hosts are still what a playbook says',
    run: runDrift,
  },
  inventory: {
    usage: 'inventory -i PATH --list',
    help: 'print the hosts and variables of an inventory as JSON',
    run: async (argv) => (await import('./inventory.js')).runInventory(argv),
  },
  vault: {
    usage: 'vault encrypt|decrypt|view|edit|encrypt-string',
    help: 'work with files and values encrypted as by ansible-vault',
    run: async (argv) => (await import('./vault.js')).runVault(argv),
  },
  doc: {
    usage: 'doc ROLE',
    help: 'print what a role takes and gives',
    run: async (argv) => (await import('./doc.js')).runDoc(argv),
  },
  lab: {
    usage: 'lab up|down|status|ssh|reset',
    help: 'boot and remove disposable hosts on this machine',
    run: async (argv) => (await import('./lab.js')).runLab(argv),
  },
}

/**
 * The command line of the package: runs a command and gives its exit code. An error is told on
 * standard error, and its code's exit code is given.
 *
 * @param argv the arguments without the program and the script
 */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  try {
    if (name === '--version') return print(`${version()}\n`)
    if (name === '--help' || name === '-h') return print(help())
    const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined
    if (command === undefined) throw unknownCommand(name)
    return await command.run(rest)
  } catch (error) {
    const record = errorRecord(error)
    process.stderr.write(`${formatError(record)}\n`)
    return errorCodes[record.code]
  }
}

/** A playbook is a program of its own: it finds its arguments where a program's are. */
async function runPlaybook([playbook, ...argv]: string[]): Promise<number> {
  if (playbook === undefined || playbook.startsWith('-'))
    throw noPlaybook('run a playbook', playbook, 'hostwright run PLAYBOOK')
  const file = resolve(playbook)
  if (!existsSync(file))
    throw usage(`Cannot run playbook "${playbook}": there is no such file`, 'Check the path')
  process.argv = [process.execPath, file, ...argv]
  await importModule(file)
  return Number(process.exitCode ?? 0)
}

async function runDrift([playbook, ...argv]: string[]): Promise<number> {
  if (playbook === '--help' || playbook === '-h')
    return print((await import('./drift-help.js')).driftHelp)
  if (playbook === undefined || playbook.startsWith('-'))
    throw noPlaybook('check a playbook for drift', playbook, 'hostwright drift PLAYBOOK')
  process.argv = [process.execPath, playbook, ...argv]
  await (await import('./drift.js')).drift(playbook)
  return Number(process.exitCode ?? 0)
}

/** What stands there instead is not shown: `-e` may give a password. */
function noPlaybook(work: string, flag: string | undefined, words: string): HostwrightError {
  return flag === undefined
    ? usage(`Cannot ${work}: its path is missing`, `Write ${words}, flags last`)
    : usage(`Cannot ${work}: its path does not come before the flags`, `Write ${words} FLAGS`)
}

function unknownCommand(name: string | undefined): HostwrightError {
  if (name === undefined)
    return usage('Cannot run hostwright: no command is given', 'See hostwright --help')
  return usage(
    `Cannot run command "${name}": there is no such command`,
    didYouMean(name, Object.keys(commands), 'See hostwright --help'),
  )
}

function usage(message: string, hint: string): HostwrightError {
  return new HostwrightError('USAGE_INVALID', message, { hint })
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

function help(): string {
  const lines = Object.values(commands).map(
    (command) => `  ${command.usage.padEnd(50)}${command.help}`,
  )
  return `Usage: hostwright COMMAND

Commands:
${lines.join('\n')}

Each command has --help of its own. --version prints the version.

Exit codes: 0 done, 1 the input was wrong, 2 it failed, 4 a host was unreachable (drift has its own: see
its --help).
`
}
