import { HostwrightError } from '../core/errors.js'
import { sshConfig } from './ssh-config.js'
import type { ConnectionSettings } from './types.js'

/**
 * How to reach a jump host: what ~/.ssh/config says about it, and for the rest as the host behind it.
 * Keys and known_hosts files of both are used; a password is for the host alone.
 *
 * @param jump - `[user@]host[:port]` or `ssh://[user@]host[:port]`; IPv6 addresses in brackets
 * @throws HostwrightError VARIABLE_INVALID for anything else
 */
export function jumpSettings(jump: string, target: ConnectionSettings): ConnectionSettings {
  const parts = /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^@:[\]]+))(?::(\d+))?$/.exec(jump)
  const name = parts?.[2] ?? parts?.[3]
  if (parts === null || name === undefined)
    throw new HostwrightError(
      'VARIABLE_INVALID',
      `Cannot use jump host "${jump}" of "${target.name}": it is not of the form user@host:port`,
      { host: target.name, hint: 'An IPv6 address needs brackets' },
    )
  const config = sshConfig(name)
  const { privateKeyFile, identityFiles = [], knownHostsFiles } = target
  const keys = privateKeyFile === undefined ? identityFiles : [privateKeyFile, ...identityFiles]
  return {
    name,
    kind: 'ssh',
    address: config.address,
    port: Number(parts[4] ?? config.port),
    user: parts[1] ?? config.user,
    ...(target.privateKeyPassphrase && { privateKeyPassphrase: target.privateKeyPassphrase }),
    identityFiles: [...new Set([...keys, ...config.identityFiles])],
    knownHostsFiles: [...new Set([...knownHostsFiles, ...config.userKnownHostsFiles])],
    hostKeyChecking: target.hostKeyChecking,
    connectTimeout: target.connectTimeout,
    proxyJump: config.proxyJump,
  }
}
