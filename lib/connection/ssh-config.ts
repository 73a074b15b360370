import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { userName } from '../core/user-name.js'
import { HostwrightError } from '../core/errors.js'

/** What ~/.ssh/config says about a host, or what holds where it says nothing. */
export interface SshConfig {
  readonly address: string
  readonly port: number
  readonly user: string
  readonly identityFiles: readonly string[]
  readonly userKnownHostsFiles: readonly string[]
  readonly hostKeyChecking: boolean
  /** Milliseconds. */
  readonly connectTimeout: number
  readonly proxyJump: readonly string[]
}

/**
 * Reads ~/.ssh/config for a host. ssh itself evaluates the file (`ssh -G`), so that Host, Match,
 * Include and the order of options mean what they mean to ssh. Without the file ssh is not needed.
 * The system's ssh_config is not read.
 *
 * Read are HostName, Port, User, IdentityFile, UserKnownHostsFile, StrictHostKeyChecking (of which
 * `ask` and `accept-new` count as `yes`: no key is ever recorded), ConnectTimeout and ProxyJump.
 *
 * @see ssh_config(5)
 * @param name - what one would give to ssh: an alias, a name or an address
 * @throws HostwrightError VARIABLE_INVALID for a file that ssh refuses, and for ProxyCommand
 */
export function sshConfig(name: string): SshConfig {
  const home = homedir()
  const file = join(home, '.ssh', 'config')
  const own = (names: readonly string[]): string[] => names.map((each) => join(home, '.ssh', each))
  const options = existsSync(file) ? evaluate(file, name) : new Map<string, string[]>()
  const first = (option: string): string | undefined => {
    const value = options.get(option)?.[0]
    return value === 'none' ? undefined : value
  }
  if (first('proxycommand') !== undefined)
    throw refusal(file, name, 'ProxyCommand is not supported', 'Use ProxyJump')
  const address = first('hostname') ?? name
  const user = first('user') ?? userName()
  const paths = (words: readonly string[]): string[] =>
    words
      .filter((word) => word !== 'none')
      .map((word) => expand(word, { '%': '%', d: home, h: address, r: user, u: userName() }))
  const timeout = first('connecttimeout')
  return {
    address,
    port: Number(first('port') ?? 22),
    user,
    identityFiles: paths(options.get('identityfile') ?? own(['id_rsa', 'id_ecdsa', 'id_ed25519'])),
    userKnownHostsFiles: paths(
      options.get('userknownhostsfile')?.[0]?.split(' ') ?? own(['known_hosts']),
    ),
    hostKeyChecking: !['false', 'no', 'off'].includes(first('stricthostkeychecking') ?? 'yes'),
    // To ssh 0 is no limit of its own.
    connectTimeout: Number(timeout ?? 0) * 1000 || 10_000,
    proxyJump: first('proxyjump')?.split(',') ?? [],
  }
}

/** ssh's own view of the file: option names in lower case, and their values in order. */
function evaluate(file: string, name: string): Map<string, string[]> {
  const options = new Map<string, string[]>()
  for (const line of runSsh(file, name).split('\n')) {
    const [option = '', ...words] = line.split(' ')
    options.set(option, [...(options.get(option) ?? []), words.join(' ')])
  }
  return options
}

function runSsh(file: string, name: string): string {
  try {
    return execFileSync('ssh', ['-G', '-F', file, '--', name], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    const { code, stderr } = error as { readonly code?: string; readonly stderr?: string }
    if (code === 'ENOENT')
      throw refusal(
        file,
        name,
        'ssh, which evaluates it, is not installed',
        'Install openssh-client',
      )
    const said = (stderr ?? '').trim().split('\n')
    const line = said.flatMap((text) => /line (\d+)/.exec(text)?.[1] ?? []).at(0)
    throw refusal(file, name, said[0] ?? 'ssh refuses it', 'Correct the file', Number(line ?? 0))
  }
}

function refusal(
  file: string,
  name: string,
  what: string,
  hint: string,
  line = 0,
): HostwrightError {
  return new HostwrightError('VARIABLE_INVALID', `Cannot use "${file}" for "${name}": ${what}`, {
    place: line > 0 ? { file, line } : { file },
    hint,
  })
}

/** A path with `~` and ssh's tokens filled in; a token that is not known stays. */
function expand(path: string, tokens: Readonly<Record<string, string>>): string {
  return expandHome(path).replace(/%(.)/g, (token, letter: string) => tokens[letter] ?? token)
}

/** A path with a leading `~` filled in. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path
}
