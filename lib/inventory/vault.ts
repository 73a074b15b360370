import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  pbkdf2Sync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { HostwrightError } from '../core/errors.js'

const magic = '$ANSIBLE_VAULT'
const lineLength = 80

/** Whether a text is one that {@link encryptVault} or ansible-vault wrote. */
export function isVault(text: string): boolean {
  return text.startsWith(magic)
}

/** The label that a vault of format 1.2 carries, undefined for one of 1.1. */
export function vaultId(text: string): string | undefined {
  return parseEnvelope(text).id
}

/**
 * Encrypts as `ansible-vault encrypt` does: format 1.1, or 1.2 where a label is given, which is not
 * protected and only says which password is meant.
 *
 * @param plain a text is encoded as UTF-8
 * @param id the vault ID; `default` and none are the same
 * @returns the vault, ended by a newline
 * @see ansible-core 2.14, parsing/vault/__init__.py
 * @throws HostwrightError VAULT_INVALID for an empty password or a text that is a vault already
 */
export function encryptVault(plain: Buffer | string, password: string, id?: string): string {
  const bytes = Buffer.from(plain)
  if (password === '')
    throw new HostwrightError('VAULT_INVALID', 'Cannot encrypt a text: the vault password is empty')
  if (id !== undefined && !/^[^\s;]+$/.test(id))
    throw new HostwrightError(
      'VAULT_INVALID',
      `Cannot use vault ID "${id}": it is empty, or holds a space or a semicolon`,
    )
  if (isVault(bytes.toString('latin1')))
    throw new HostwrightError('VAULT_INVALID', 'Cannot encrypt a text: it is a vault already')
  const salt = randomBytes(32)
  const keys = deriveKeys(password, salt)
  const cipher = createCipheriv('aes-256-ctr', keys.cipher, keys.iv)
  const ciphertext = Buffer.concat([cipher.update(pad(bytes)), cipher.final()])
  const hmac = createHmac('sha256', keys.hmac).update(ciphertext).digest('hex')
  const body = Buffer.from(
    [salt.toString('hex'), hmac, ciphertext.toString('hex')].join('\n'),
  ).toString('hex')
  const labelled = id !== undefined && id !== 'default'
  const header = labelled ? `${magic};1.2;AES256;${id}` : `${magic};1.1;AES256`
  const lines = body.match(new RegExp(`.{1,${lineLength}}`, 'g')) ?? []
  return [header, ...lines, ''].join('\n')
}

/**
 * Decrypts what {@link encryptVault} or ansible-vault wrote, formats 1.1 and 1.2. Spaces around the
 * lines, as YAML's indentation leaves them, do not matter.
 *
 * @example
 * decryptVault(encryptVault('correct horse', 'key'), 'key').toString() // 'correct horse'
 * @throws HostwrightError VAULT_INVALID for a text that is no vault, is damaged, or has another password
 */
export function decryptVault(text: string, password: string): Buffer {
  const { body } = parseEnvelope(text)
  const parts = /^([0-9a-f]{64})\n([0-9a-f]{64})\n((?:[0-9a-f]{32})+)$/i.exec(
    unhex(body).toString('latin1'),
  )
  const [, salt, hmac, ciphertext] = parts ?? []
  if (salt === undefined || hmac === undefined || ciphertext === undefined)
    throw unreadable('its body does not hold a salt, a checksum and a text')
  const keys = deriveKeys(password, unhex(salt))
  const encrypted = unhex(ciphertext)
  const expected = createHmac('sha256', keys.hmac).update(encrypted).digest()
  if (!timingSafeEqual(expected, unhex(hmac)))
    throw unreadable(
      'the password is wrong, or the text was changed',
      'Give the password that it was encrypted with',
    )
  const decipher = createDecipheriv('aes-256-ctr', keys.cipher, keys.iv)
  return unpad(Buffer.concat([decipher.update(encrypted), decipher.final()]))
}

function parseEnvelope(text: string): { readonly id: string | undefined; readonly body: string } {
  const [header = '', ...lines] = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.trim())
  const [name, version, cipher, id] = header.split(';').map((part) => part.trim())
  if (name !== magic) throw unreadable(`it does not start with ${magic}`)
  if (version !== '1.1' && version !== '1.2')
    throw unreadable(`its format is "${version ?? ''}", and only 1.1 and 1.2 are known`)
  if (cipher !== 'AES256')
    throw unreadable(`its cipher is "${cipher ?? ''}", and only AES256 is known`)
  return { id, body: lines.join('') }
}

function deriveKeys(password: string, salt: Buffer) {
  const bytes = pbkdf2Sync(password, salt, 10_000, 80, 'sha256')
  return { cipher: bytes.subarray(0, 32), hmac: bytes.subarray(32, 64), iv: bytes.subarray(64) }
}

/** PKCS7, which the counter mode does not need but the format has. */
function pad(bytes: Buffer): Buffer {
  const missing = 16 - (bytes.length % 16)
  return Buffer.concat([bytes, Buffer.alloc(missing, missing)])
}

function unpad(bytes: Buffer): Buffer {
  const added = bytes.at(-1) ?? 0
  const padding = bytes.subarray(bytes.length - added)
  if (added < 1 || added > 16 || !padding.every((byte) => byte === added))
    throw unreadable('its padding is broken')
  return bytes.subarray(0, bytes.length - added)
}

/** Node's own decoder stops at the first character that is no digit, without a word. */
function unhex(text: string): Buffer {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) throw unreadable('its body is not hexadecimal')
  return Buffer.from(text, 'hex')
}

function unreadable(reason: string, hint?: string): HostwrightError {
  return new HostwrightError('VAULT_INVALID', `Cannot decrypt a vault: ${reason}`, { hint })
}
