import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { HostwrightError } from '../../lib/index.js'
import { directoryUrl } from './directory.js'

const execute = promisify(execFile)

/** Milliseconds. */
const patience = 120_000

/** A server as lego reaches it. */
export interface Server {
  readonly address: string
  /** The certificate that it shows, in PEM. */
  readonly certificate: string
}

/** An ACME client on the controller, with a folder of its own that holds all that it keeps. */
export interface Lego {
  /** Orders a certificate; gives the file with its chain. */
  enrol(server: Server, name: string): Promise<string>
  /** Has the account that one server knows used with another, which has to find it by its key. */
  takeAccount(from: Server, to: Server): Promise<void>
  revoke(server: Server, name: string): Promise<void>
  /** A place for a file. */
  file(name: string): string
}

/**
 * Works with lego (https://go-acme.github.io/lego), of Debian's package or newer, in a temporary
 * folder that is gone afterwards, whatever happens.
 *
 * @param port where lego answers http-01 challenges
 */
export async function withLego<T>(
  domain: string,
  port: number,
  work: (lego: Lego) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'hostwright-verify-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.on('exit', remove)
  try {
    return await work(legoIn(folder, `verify@${domain}`, port))
  } finally {
    remove()
    process.off('exit', remove)
  }
}

function legoIn(folder: string, email: string, port: number): Lego {
  const run = async (
    { address, certificate }: Server,
    name: string,
    command: readonly string[],
  ) => {
    const trusted = join(folder, 'trusted.pem')
    await writeFile(trusted, certificate)
    const flags = { server: directoryUrl(address, 'https'), path: folder, email, domains: name }
    const words = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])
    const challenge = ['--accept-tos', '--http', '--http.port', `:${port}`]
    // No proxy is between the controller and its hosts.
    const env = { LEGO_CA_CERTIFICATES: trusted, NO_PROXY: '*' }
    await runTool('lego', [...words, ...challenge, ...command], env)
  }
  // As lego names it.
  const accountOn = ({ address }: Server) => {
    const { host } = new URL(directoryUrl(address, 'https'))
    return join(folder, 'accounts', host.replaceAll(':', '_'), email)
  }
  return {
    file: (name) => join(folder, name),
    async enrol(server, name) {
      await run(server, name, ['run'])
      return join(folder, 'certificates', `${name}.crt`)
    },
    async revoke(server, name) {
      await run(server, name, ['revoke', '--keep'])
    },
    async takeAccount(from, to) {
      await cp(join(accountOn(from), 'keys'), join(accountOn(to), 'keys'), { recursive: true })
      // Without the account's URL, which names the other server, lego asks for it by the key.
      await writeFile(join(accountOn(to), 'account.json'), JSON.stringify({ email }))
    },
  }
}

/**
 * Runs a program on the controller.
 *
 * @throws HostwrightError CHECK_FAILED with the last line that it said
 */
export async function runTool(
  program: 'lego' | 'openssl',
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  try {
    await execute(program, args, { env: { ...process.env, ...env }, timeout: patience })
  } catch (error) {
    const { code, stderr = '', message } = error as Error & { code?: unknown; stderr?: string }
    if (code === 'ENOENT')
      throw new HostwrightError('CHECK_FAILED', `Cannot run "${program}": it is not found here`, {
        hint: `on the controller: apt-get install ${program}`,
      })
    throw new HostwrightError(
      'CHECK_FAILED',
      `Cannot run "${program}": ${stderr.trim().split('\n').at(-1) || message}`,
      { command: [program, ...args].join(' '), stderr },
    )
  }
}
