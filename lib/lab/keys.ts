import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writePrivate } from './files.js'
import { labFolder } from './places.js'
import { run } from './run.js'

export interface KeyPair {
  readonly privateKey: string
  readonly publicKey: string
}

/** Makes an ed25519 key pair in OpenSSH's format, without a passphrase. */
export async function makeKeyPair(lab: string, comment: string): Promise<KeyPair> {
  await mkdir(labFolder(lab), { recursive: true, mode: 0o700 })
  const folder = await mkdtemp(labFolder(lab, 'key-'))
  try {
    const file = join(folder, 'key')
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file])
    const [privateKey, publicKey] = await Promise.all([
      readFile(file, 'utf8'),
      readFile(`${file}.pub`, 'utf8'),
    ])
    return { privateKey, publicKey }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The private key that logs in to all hosts of a lab; its public half is beside it. */
export function loginKeyFile(lab: string): string {
  return labFolder(lab, 'id_ed25519')
}

/** Makes the lab's login key and the admin user's password where they are missing. */
export async function ensureLoginKeys(lab: string): Promise<void> {
  const file = loginKeyFile(lab)
  if (!existsSync(file)) {
    const { privateKey, publicKey } = await makeKeyPair(lab, `hostwright-lab-${lab}`)
    await writePrivate(`${file}.pub`, publicKey)
    await writePrivate(file, privateKey)
  }
  const password = passwordFile(lab)
  if (!existsSync(password)) await writePrivate(password, randomBytes(18).toString('base64url'))
}

/** The file with the sudo password of the user admin. */
export function passwordFile(lab: string): string {
  return labFolder(lab, 'admin-password')
}

/** A password as shadow(5) keeps it. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(12).toString('hex')
  return run('perl', ['-e', `print crypt(<STDIN>, '$6$${salt}$')`], { input: password })
}
