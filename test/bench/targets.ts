import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A host that is worked on, and how every contestant reaches it. */
export interface Target {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly user: string
  readonly privateKeyFile: string
  /** As in known_hosts: base64 of an ed25519 key. */
  readonly hostKey: string
  /** The folder on the host below which the work is done. */
  readonly base: string
}

/** Writes an inventory that Hostwright and Ansible both read; JSON is YAML. Gives its file. */
export async function writeInventory(folder: string, targets: readonly Target[]): Promise<string> {
  await mkdir(folder, { recursive: true })
  const knownHosts = join(folder, 'known_hosts')
  const known = targets.map(({ address, port, hostKey }) => {
    return `${port === 22 ? address : `[${address}]:${port}`} ssh-ed25519 ${hostKey}\n`
  })
  await writeFile(knownHosts, known.join(''))
  const hosts = targets.map(({ name, address, port, user, base }) => {
    return [name, { ansible_host: address, ansible_port: port, ansible_user: user, base }] as const
  })
  const vars = {
    ansible_ssh_private_key_file: targets[0]?.privateKeyFile,
    // One process that is a thousand hosts does not answer all at once.
    ansible_ssh_timeout: 120,
    ansible_ssh_common_args: `-o UserKnownHostsFile=${knownHosts}`,
  }
  const file = join(folder, 'hosts.yml')
  await writeFile(file, JSON.stringify({ all: { hosts: Object.fromEntries(hosts), vars } }))
  return file
}
