import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { askPassword } from '../core/ask-password.js'
import { HostwrightError } from '../core/errors.js'
import { readReason } from '../core/read-reason.js'
import { secret } from '../core/secret.js'

export interface VaultPasswordOptions {
  /** What --vault-password-file names: a file, or a program that prints the password. */
  readonly file?: string | undefined
  /** Asks on the terminal whatever the environment says. @default false */
  readonly ask?: boolean | undefined
  /** Asks a second time, for a password that encrypts. @default false */
  readonly confirm?: boolean | undefined
}

/**
 * Where the vault password comes from: the file, else HOSTWRIGHT_VAULT_PASSWORD, else the file that
 * ANSIBLE_VAULT_PASSWORD_FILE names, else the terminal. A file that is executable is run, as Ansible
 * does. The password is looked for when it is first needed, once.
 *
 * @example
 * await loadInventory({ sources, vaultPassword: vaultPasswordSource({ file: '.vault-password' }) })
 * @throws HostwrightError VAULT_INVALID, when the password is asked for
 */
export function vaultPasswordSource(options: VaultPasswordOptions = {}): () => Promise<string> {
  let found: Promise<string> | undefined
  return async () => {
    found ??= findPassword(options)
    return await found
  }
}

async function findPassword(options: VaultPasswordOptions): Promise<string> {
  const password = await readPassword(options)
  if (password === '')
    throw new HostwrightError('VAULT_INVALID', 'Cannot use the vault password: it is empty')
  return secret(password).reveal()
}

async function readPassword(options: VaultPasswordOptions): Promise<string> {
  const { HOSTWRIGHT_VAULT_PASSWORD: password, ANSIBLE_VAULT_PASSWORD_FILE: file } = process.env
  if (options.file !== undefined) return passwordOfFile(options.file)
  if (options.ask === true) return await promptForPassword(options.confirm === true)
  if (password !== undefined && password !== '') return password
  if (file !== undefined && file !== '') return passwordOfFile(file)
  return await promptForPassword(options.confirm === true)
}

function passwordOfFile(name: string): string {
  const file = name.replace(/^~(?=\/)/, homedir())
  const place = { file }
  try {
    if ((statSync(file).mode & 0o111) === 0) return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new HostwrightError(
      'VAULT_INVALID',
      `Cannot read vault password file "${file}": ${readReason(error)}`,
      { place, cause: error },
    )
  }
  const { status, signal, error, stdout } = spawnSync(file, {
    stdio: ['inherit', 'pipe', 'inherit'],
  })
  if (error !== undefined || status !== 0)
    throw new HostwrightError(
      'VAULT_INVALID',
      `Cannot run vault password file "${file}": ${error === undefined ? `it ended with ${signal ?? `exit status ${status}`}` : 'it is executable and cannot be run'}`,
      {
        place,
        cause: error,
        hint: 'Where the file holds the password itself, take its executable bit away',
      },
    )
  return stdout.toString().replace(/^[\r\n]+|[\r\n]+$/g, '')
}

async function promptForPassword(confirm: boolean): Promise<string> {
  const password = (await ask(confirm ? 'New vault password: ' : 'Vault password: ')).trim()
  if (confirm && (await ask('Confirm new vault password: ')).trim() !== password)
    throw new HostwrightError(
      'VAULT_INVALID',
      'Cannot use the vault password: the two that were typed differ',
    )
  return password
}

async function ask(prompt: string): Promise<string> {
  try {
    return await askPassword(prompt)
  } catch (error) {
    if (!(error instanceof HostwrightError) || error.code !== 'USAGE_INVALID') throw error
    throw new HostwrightError(
      'VAULT_INVALID',
      'Cannot ask for the vault password: there is no terminal',
      {
        cause: error,
        hint: 'Give --vault-password-file, or set HOSTWRIGHT_VAULT_PASSWORD or ANSIBLE_VAULT_PASSWORD_FILE',
      },
    )
  }
}
