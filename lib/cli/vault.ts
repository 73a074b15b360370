import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import { askPassword } from '../core/ask-password.js'
import { HostwrightError } from '../core/errors.js'
import { readReason } from '../core/read-reason.js'
import { replaceFile } from '../core/replace-file.js'
import { decryptVault, encryptVault, vaultPasswordSource } from '../inventory/index.js'
import { readArguments } from './arguments.js'
import { editVault } from './vault-edit.js'

const help = `Usage: hostwright vault COMMAND [flags] [FILE...]

  encrypt FILE...   encrypt files in place
  decrypt FILE...   decrypt files in place
  view FILE...      print decrypted files
  edit FILE...      decrypt into an editor ($EDITOR, else vi), and encrypt what it saved
  encrypt-string    encrypt standard input, or what is asked for, as a value of a YAML file

Flags:
  --vault-password-file FILE   holds the password, or prints it where it is executable
  --name NAME                  encrypt-string: the variable to print
  -h, --help                   print this help

Without the flag the password comes from HOSTWRIGHT_VAULT_PASSWORD, the file that
ANSIBLE_VAULT_PASSWORD_FILE names, or the terminal. Files are those of ansible-vault.
`

const commands = ['encrypt', 'decrypt', 'view', 'edit', 'encrypt-string']

/**
 * `hostwright vault`: encrypts and decrypts files and values, interchangeable with ansible-vault.
 *
 * @param argv the arguments behind `vault`
 * @returns the exit code, 0
 * @throws HostwrightError USAGE_INVALID, VAULT_INVALID; files before the one that fails are done
 */
export async function runVault(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {
    'vault-password-file': { type: 'string' },
    name: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  })
  const [command, ...files] = positionals
  if (values.help === true) {
    process.stdout.write(help)
    return 0
  }
  if (command === undefined || !commands.includes(command))
    throw usage(
      `Cannot run vault command "${command ?? ''}": there is no such command`,
      `The commands are ${commands.join(', ')}`,
    )
  if (values.name !== undefined && command !== 'encrypt-string')
    throw usage(`Cannot use flag "--name": only encrypt-string takes it`)
  const confirm = command.startsWith('encrypt')
  const password = vaultPasswordSource({ file: values['vault-password-file'], confirm })
  if (command === 'encrypt-string') await encryptString(values.name, files, password)
  else await eachFile(command, files, password)
  return 0
}

async function eachFile(
  command: string,
  files: readonly string[],
  password: () => Promise<string>,
): Promise<void> {
  if (files.length === 0)
    throw usage(
      `Cannot run vault command "${command}": no file is given`,
      `Write hostwright vault ${command} FILE`,
    )
  for (const file of files) {
    try {
      const bytes = await readFile(file)
      if (command === 'encrypt') await replaceFile(file, encryptVault(bytes, await password()))
      if (command === 'decrypt')
        await replaceFile(file, decryptVault(bytes.toString(), await password()))
      if (command === 'view') process.stdout.write(decryptVault(bytes.toString(), await password()))
      if (command === 'edit') await editVault(file, bytes.toString(), await password())
    } catch (error) {
      throw withFile(error, command, file)
    }
  }
}

function withFile(error: unknown, command: string, file: string): unknown {
  if (error instanceof HostwrightError) return error.with({ place: { file } })
  if (!(error instanceof Error) || !('syscall' in error)) return error
  return new HostwrightError(
    'USAGE_INVALID',
    `Cannot ${command} file "${file}": ${readReason(error)}`,
    { cause: error },
  )
}

async function encryptString(
  name: string | undefined,
  extra: readonly string[],
  password: () => Promise<string>,
): Promise<void> {
  if (extra.length > 0)
    throw usage(
      'Cannot encrypt an argument: every user of the machine can read it in the list of processes',
      'Pipe the text in, or type it when asked',
    )
  const plain = process.stdin.isTTY
    ? await askPassword('Text to encrypt: ')
    : await readAll(process.stdin)
  if (plain.endsWith('\n')) process.stderr.write('The line feed at the end is encrypted too\n')
  const lines = encryptVault(plain, await password())
    .trimEnd()
    .split('\n')
  process.stdout.write(
    [
      `${name === undefined ? '' : `${name}: `}!vault |`,
      ...lines.map((line) => `          ${line}`),
      '',
    ].join('\n'),
  )
}

function usage(message: string, hint = 'See hostwright vault --help'): HostwrightError {
  return new HostwrightError('USAGE_INVALID', message, { hint })
}
