import { spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { replaceFile } from '../core/replace-file.js'
import { decryptVault, encryptVault, vaultId } from '../inventory/index.js'
import { splitWords } from '../inventory/shell-words.js'

/**
 * Opens a vault in the editor. The text lies decrypted only in a directory of its own, in memory where
 * the machine has /dev/shm, and is removed however the editor ends. A text that did not change leaves
 * the file as it is.
 *
 * @param vault the content of the file
 * @throws HostwrightError VAULT_INVALID, COMMAND_FAILED where the editor fails; the file is untouched
 */
export async function editVault(file: string, vault: string, password: string): Promise<void> {
  const plain = decryptVault(vault, password)
  const folder = mkdtempSync(join(memoryFolder(), 'hostwright-vault-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const stopped = new AbortController()
  const stop = (signal: NodeJS.Signals) => {
    stopped.abort()
    remove()
    process.off(signal, stop)
    process.kill(process.pid, signal)
  }
  process.on('SIGINT', ignore).on('SIGTERM', stop).on('SIGHUP', stop)
  try {
    const copy = join(folder, basename(file))
    await writeFile(copy, plain, { mode: 0o600, flag: 'wx' })
    await runEditor(copy, file, stopped.signal)
    const edited = await readFile(copy)
    if (!edited.equals(plain))
      await replaceFile(file, encryptVault(edited, password, vaultId(vault)))
  } finally {
    remove()
    process.off('SIGINT', ignore).off('SIGTERM', stop).off('SIGHUP', stop)
  }
}

/** Ctrl-C is the editor's. */
function ignore(): void {}

function memoryFolder(): string {
  try {
    accessSync('/dev/shm', constants.W_OK | constants.X_OK)
    return '/dev/shm'
  } catch {
    return tmpdir()
  }
}

async function runEditor(copy: string, file: string, signal: AbortSignal): Promise<void> {
  const [command = 'vi', ...flags] = splitWords(process.env['EDITOR'] ?? '')
  const ended = await new Promise<string | undefined>((resolve) => {
    const editor = spawn(command, [...flags, copy], { stdio: 'inherit', signal })
    editor.on('error', (error) => resolve(`the editor cannot be run: ${error.message}`))
    editor.on('close', (code, killedBy) =>
      resolve(
        code === 0 ? undefined : `the editor ended with ${killedBy ?? `exit status ${code}`}`,
      ),
    )
  })
  if (ended !== undefined)
    throw new HostwrightError('COMMAND_FAILED', `Cannot edit file "${file}": ${ended}`, {
      command: [command, ...flags].join(' '),
      hint: 'The file is as it was; EDITOR names another editor',
    })
}
