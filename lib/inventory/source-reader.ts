import { readFile } from 'node:fs/promises'
import { HostwrightError, type ErrorCode } from '../core/errors.js'
import { readReason } from '../core/read-reason.js'
import { decryptVault, isVault } from './vault.js'

/** The text of a file, decrypted. */
export interface SourceText {
  readonly file: string
  readonly text: string
  /** Whether the file as a whole is a vault. */
  readonly vaulted: boolean
  /** The vault password, for values in the text. */
  password(): Promise<string>
}

export interface SourceReader {
  /**
   * @param action what cannot be done where the file cannot be read, as in `read inventory`
   * @throws HostwrightError with that code, VAULT_INVALID
   */
  read(file: string, code: ErrorCode, action: string): Promise<SourceText>
}

/** Reads files, and asks for the vault password once, when the first vault is met. */
export function sourceReader(vaultPassword: (() => Promise<string>) | undefined): SourceReader {
  let asked: Promise<string> | undefined
  const passwordFor = async (file: string): Promise<string> => {
    if (vaultPassword === undefined)
      throw new HostwrightError(
        'VAULT_INVALID',
        `Cannot decrypt "${file}": no vault password was given`,
        {
          hint: 'Give --vault-password-file, or set HOSTWRIGHT_VAULT_PASSWORD',
        },
      )
    asked ??= vaultPassword()
    return await asked
  }
  return {
    async read(file, code, action) {
      const text = await readText(file, code, action)
      const password = () => passwordFor(file)
      if (!isVault(text)) return { file, text, vaulted: false, password }
      try {
        return {
          file,
          text: decryptVault(text, await password()).toString(),
          vaulted: true,
          password,
        }
      } catch (error) {
        throw error instanceof HostwrightError ? error.with({ place: { file, line: 1 } }) : error
      }
    },
  }
}

async function readText(file: string, code: ErrorCode, action: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (error) {
    const reason = error instanceof TypeError ? 'it is not UTF-8' : readReason(error)
    throw new HostwrightError(code, `Cannot ${action} "${file}": ${reason}`, {
      place: { file },
      cause: error,
    })
  }
}
