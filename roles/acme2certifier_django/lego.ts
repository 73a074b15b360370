import { mkdtempSync, rmSync } from 'node:fs'
import { cp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { $, type ProcessOutput, type ProcessPromise } from 'zx/core'
import { HostwrightError } from '../../lib/index.js'
import { directoryUrl } from './directory.js'

/** zx's `$` on the controller, for {@link succeed}. */
export const here = $({ quiet: true, nothrow: true, timeout: '120s' })

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
    // No proxy is between the controller and its hosts.
    const env = { ...process.env, LEGO_CA_CERTIFICATES: trusted, NO_PROXY: '*' }
    const url = directoryUrl(address, 'https')
    const account = ['--server', url, '--path', folder, '--email', email, '--domains', name]
    const challenge = ['--accept-tos', '--http', '--http.port', `:${port}`]
    await succeed(here({ env })`lego ${account} ${challenge} ${command}`)
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
 * Waits for a program on the controller.
 *
 * @throws HostwrightError CHECK_FAILED with the last line that it said
 */
export async function succeed(running: ProcessPromise): Promise<void> {
  const { exitCode, signal, stderr }: ProcessOutput = await running
  if (exitCode === 0) return
  const [program = ''] = running.cmd.split(' ')
  if (exitCode === 127)
    throw new HostwrightError('CHECK_FAILED', `Cannot run "${program}": it is not found here`, {
      hint: `on the controller: apt-get install ${program}`,
    })
  const end = signal === null ? `exit status ${exitCode}` : `ended by ${signal}`
  throw new HostwrightError(
    'CHECK_FAILED',
    `Cannot run "${program}": ${stderr.trim().split('\n').at(-1) || end}`,
    { command: running.cmd, stderr },
  )
}
