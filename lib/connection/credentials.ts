import { createPrivateKey, sign, type KeyObject } from 'node:crypto'
import type { AnyAuthMethod, AuthHandlerMiddleware, ParsedKey } from 'ssh2'
import { cachedFile } from '../core/cached-file.js'
import { HostwrightError } from '../core/errors.js'
import { loadSsh2 } from './load-ssh.js'
import type { ConnectionSettings } from './types.js'

/** One thing to log in with. */
interface Credential {
  /** For messages, such as `key /root/.ssh/id_ed25519`. */
  readonly label: string
  readonly method: AnyAuthMethod
}

export interface Credentials {
  /** Gives ssh2 one credential after the other, of those kinds that the server takes. */
  readonly handler: AuthHandlerMiddleware
  /** The error for a login that the server refused, with all that was tried. */
  failure(cause?: unknown): HostwrightError
}

/**
 * Gathers what the user can log in with, in ssh's order: the key file that is named for the host, the
 * agent's keys, the other key files, the password. Keys that a passphrase locks are passed over, and
 * named in the failure.
 *
 * @throws HostwrightError AUTHENTICATION_FAILED where the named key file cannot be used
 */
export async function gatherCredentials(settings: ConnectionSettings): Promise<Credentials> {
  const { user, password, privateKeyFile, identityFiles } = settings
  const skipped: string[] = []
  const skip = (reason: string | undefined): void => void (reason && skipped.push(reason))
  const all: Credential[] = []
  if (privateKeyFile !== undefined) {
    const found = await keyFile(settings, privateKeyFile)
    if (typeof found === 'string') throw refused(settings, `${found}`)
    all.push(found)
  }
  const agent = await agentKeys(user)
  if (typeof agent === 'string') skip(agent)
  else if (agent !== undefined) all.push(agent)
  for (const file of identityFiles ?? []) {
    if (file === privateKeyFile) continue
    const found = await keyFile(settings, file)
    if (typeof found !== 'string') all.push(found)
    else if (!found.endsWith(missing)) skip(found)
  }
  if (password !== undefined)
    all.push(
      { label: 'the password', method: { type: 'password', username: user, password } },
      {
        label: 'the password by keyboard-interactive',
        method: {
          type: 'keyboard-interactive',
          username: user,
          prompt: (_name, _instructions, _language, prompts, finish) =>
            finish(prompts.map(() => password)),
        },
      },
    )

  const tried: string[] = []
  let accepted: readonly string[] = []
  const rest = [...all]
  return {
    handler(methodsLeft: readonly string[] | null, _partial, next) {
      if (methodsLeft) accepted = methodsLeft
      while (rest.length > 0) {
        const { label, method } = rest.shift()!
        const kind = method.type === 'agent' ? 'publickey' : method.type
        if (methodsLeft && !accepted.includes(kind)) continue
        tried.push(label)
        next(method)
        return
      }
      // Where there is nothing more; the types leave it out.
      next(false as never)
    },
    failure(cause) {
      const parts = [
        tried.length > 0 ? `refused were ${tried.join(', ')}` : 'there is nothing to log in with',
        ...(accepted.length > 0 ? [`the server takes ${accepted.join(', ')}`] : []),
        ...skipped,
      ]
      return refused(settings, parts.join('; '), cause)
    },
  }
}

function refused(
  { name, user }: ConnectionSettings,
  what: string,
  cause?: unknown,
): HostwrightError {
  return new HostwrightError(
    'AUTHENTICATION_FAILED',
    `Cannot log in to "${name}" as "${user}": ${what}`,
    {
      host: name,
      cause,
      hint:
        `Set ansible_user and ansible_ssh_private_key_file, or ansible_password; a key has to stand in ` +
        `~/.ssh/authorized_keys of ${user} there`,
    },
  )
}

const missing = 'does not exist'

/** A key file's credential, or why it is none. */
async function keyFile(settings: ConnectionSettings, file: string): Promise<Credential | string> {
  let text: Buffer
  try {
    text = keyText(file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    return `key ${file} ${code === 'ENOENT' ? missing : `cannot be read (${code})`}`
  }
  const passphrase = settings.privateKeyPassphrase
  const key = parseKey(loadSsh2(), file, text, passphrase)
  if (key instanceof Error) {
    if (!/encrypted|passphrase|decrypt|integrity|bad/i.test(key.message))
      return `key ${file} is of no known format (${key.message})`
    return passphrase === undefined
      ? `key ${file} is locked by a passphrase: add it to the agent with ssh-add`
      : `key ${file} is locked by another passphrase than ansible_private_key_passphrase`
  }
  return { label: `key ${file}`, method: { type: 'publickey', username: settings.user, key } }
}

const keyText = cachedFile((bytes) => bytes)

/** What a fleet has in common is parsed, and unlocked, once. */
const parsedKeys = new Map<
  string,
  {
    readonly text: Buffer
    readonly passphrase: string | undefined
    readonly key: ParsedKey | Error
  }
>()

function parseKey(
  { utils }: ReturnType<typeof loadSsh2>,
  file: string,
  text: Buffer,
  passphrase: string | undefined,
): ParsedKey | Error {
  const known = parsedKeys.get(file)
  if (known?.text === text && known.passphrase === passphrase) return known.key
  const key = utils.parseKey(text, passphrase)
  if (!(key instanceof Error) && key.type === 'ssh-ed25519') signByHandle(key)
  parsedKeys.set(file, { text, passphrase, key })
  return key
}

/** ssh2 reads the key's text anew for each signature, which takes five times as long as signing. */
function signByHandle(key: ParsedKey): void {
  const pem = key.getPrivatePEM() as string | null
  if (pem === null) return
  let handle: KeyObject
  try {
    handle = createPrivateKey(pem)
  } catch {
    // OpenSSL may be kept from using it; the login tells.
    return
  }
  key.sign = (data) => sign(null, typeof data === 'string' ? Buffer.from(data) : data, handle)
}

/** The agent's keys as one credential, none where there is no agent, or why it cannot be used. */
async function agentKeys(username: string): Promise<Credential | string | undefined> {
  const socket = process.env.SSH_AUTH_SOCK
  if (socket === undefined || socket === '') return undefined
  const { createAgent } = loadSsh2()
  const agent = createAgent(socket)
  return new Promise((resolve) => {
    agent.getIdentities((error, keys) => {
      const count = keys?.length ?? 0
      if (error) resolve(`the agent at ${socket} does not answer`)
      else if (count === 0) resolve(undefined)
      else
        resolve({
          label: `${count} ${count === 1 ? 'key' : 'keys'} of the agent`,
          method: { type: 'agent', username, agent },
        })
    })
  })
}
