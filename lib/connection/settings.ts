import { secret } from '../core/secret.js'
import { userName } from '../core/user-name.js'
import type { InventoryHost } from '../inventory/types.js'
import { hostVariables } from './host-variables.js'
import type { HostVariables } from './host-variables.js'
import { parseSshArguments, supportedArguments } from './ssh-arguments.js'
import type { SshArguments } from './ssh-arguments.js'
import { expandHome, sshConfig } from './ssh-config.js'
import type { ConnectionSettings } from './types.js'

const globalKnownHosts = '/etc/ssh/ssh_known_hosts'

/**
 * How to reach a host: its variables in Ansible's names, else the defaults, else ~/.ssh/config for the
 * host's address, else what ssh does.
 *
 * Read are ansible_connection (ssh or local), ansible_host, ansible_port, ansible_user,
 * ansible_password, ansible_ssh_private_key_file, ansible_private_key_passphrase,
 * ansible_host_key_checking, ansible_ssh_timeout, and of ansible_ssh_args, ansible_ssh_common_args and
 * ansible_ssh_extra_args `-J` and `-o` with UserKnownHostsFile, StrictHostKeyChecking, ProxyJump and
 * ConnectTimeout; Ansible's aliases too. The passwords are taken out of every output from now on.
 *
 * @param defaults - what the command line gives; a host's variable wins
 * @example
 * connectionSettings(inventory.hosts.get('web1')!, { user: 'admin' })
 * @throws HostwrightError VARIABLE_INVALID for wrong types and what is not supported, at its place
 */
export function connectionSettings(
  host: InventoryHost,
  defaults: Partial<ConnectionSettings> = {},
): ConnectionSettings {
  const vars = hostVariables(host)
  const kind = connectionKind(vars) ?? defaults.kind ?? 'ssh'
  const given = vars.text('ansible_host', 'ansible_ssh_host') ?? defaults.address ?? host.name
  if (kind === 'local') return localSettings(host.name)
  const config = sshConfig(given)
  const args = sshArguments(vars)
  const password =
    vars.text('ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password') ?? defaults.password
  const passphrase =
    vars.text('ansible_private_key_passphrase', 'ansible_ssh_private_key_passphrase') ??
    defaults.privateKeyPassphrase
  const key =
    vars.text('ansible_private_key_file', 'ansible_ssh_private_key_file') ?? defaults.privateKeyFile
  return {
    name: host.name,
    kind,
    address: config.address,
    port: vars.number(65_535, 'ansible_port', 'ansible_ssh_port') ?? defaults.port ?? config.port,
    user: vars.text('ansible_user', 'ansible_ssh_user') ?? defaults.user ?? config.user,
    ...(password === undefined ? {} : { password: secret(password).reveal() }),
    ...(passphrase === undefined ? {} : { privateKeyPassphrase: secret(passphrase).reveal() }),
    // As with ssh -i, a key that is named takes the place of those that ssh would look for.
    ...(key === undefined
      ? { identityFiles: defaults.identityFiles ?? config.identityFiles }
      : { privateKeyFile: expandHome(key) }),
    knownHostsFiles: defaults.knownHostsFiles ?? [
      ...(args.userKnownHostsFiles ?? config.userKnownHostsFiles),
      globalKnownHosts,
    ],
    hostKeyChecking:
      vars.boolean('ansible_host_key_checking', 'ansible_ssh_host_key_checking') ??
      args.hostKeyChecking ??
      defaults.hostKeyChecking ??
      config.hostKeyChecking,
    connectTimeout:
      milliseconds(vars.number(3600, 'ansible_ssh_timeout')) ??
      args.connectTimeout ??
      defaults.connectTimeout ??
      config.connectTimeout,
    proxyJump: args.proxyJump ?? defaults.proxyJump ?? config.proxyJump,
  }
}

function connectionKind(vars: HostVariables): ConnectionSettings['kind'] | undefined {
  const name = vars.text('ansible_connection')
  switch (name?.replace(/^ansible\.builtin\./, '')) {
    case undefined:
      return undefined
    case 'ssh':
    case 'smart':
      return 'ssh'
    case 'local':
      return 'local'
    default:
      throw vars.invalid('ansible_connection', `"${name}" is not supported`, 'Use ssh or local')
  }
}

function localSettings(name: string): ConnectionSettings {
  return {
    name,
    kind: 'local',
    address: 'localhost',
    port: 22,
    user: userName(),
    knownHostsFiles: [],
    hostKeyChecking: true,
    connectTimeout: 10_000,
    proxyJump: [],
  }
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds && seconds * 1000
}

/** Of an option in several variables, the first wins, as on ssh's command line. */
function sshArguments(vars: HostVariables): SshArguments {
  let all: SshArguments = {}
  for (const name of ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args']) {
    try {
      all = { ...parseSshArguments(vars.text(name) ?? ''), ...all }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw vars.invalid(name, error.message, `Supported are ${supportedArguments}`)
    }
  }
  return all
}
