import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HostDefinition, LabDefinition } from './definition.js'
import { writeLayer, writePrivate } from './files.js'
import { imageFolder } from './image.js'
import { hashPassword, loginKeyFile, makeKeyPair, passwordFile } from './keys.js'
import { servedFolders } from './ownPackages.js'
import { labFolder } from './places.js'
import { repositoryPort } from './server.js'

const hostKey = 'etc/ssh/ssh_host_ed25519_key'

/** The layer over the image that all hosts of a lab share. */
export function labLayer(lab: string): string {
  return labFolder(lab, 'layer')
}

/** The layer of one host: what makes it itself before it has written anything. */
export function hostLayer(lab: string, host: string): string {
  return labFolder(lab, 'hosts', host, 'layer')
}

/** Makes the lab's layer where it is missing: who may log in, and where packages come from. */
export async function ensureLabLayer(lab: LabDefinition): Promise<void> {
  if (existsSync(labLayer(lab.name))) return
  const login = await readFile(`${loginKeyFile(lab.name)}.pub`, 'utf8')
  const password = await hashPassword(await readFile(passwordFile(lab.name), 'utf8'))
  const shadow = await readFile(join(imageFolder(), 'etc/shadow'), 'utf8')
  const source = `${lab.gateway}:${repositoryPort}`
  const list = `var/lib/apt/lists/${source}_._`
  const [repository] = servedFolders(lab)
  await writeLayer(labLayer(lab.name), {
    'root/.ssh/authorized_keys': { content: login, mode: 0o600 },
    'home/admin/.ssh/authorized_keys': { content: login, mode: 0o600, uid: 1000, gid: 1000 },
    'etc/shadow': {
      content: shadow.replace(/^admin:[^:]*/m, () => `admin:${password}`),
      mode: 0o640,
      gid: 42,
    },
    'etc/apt/sources.list.d/lab.sources': {
      content: `Types: deb\nURIs: http://${source}/\nSuites: ./\nTrusted: yes\n`,
    },
    // What `apt-get update` would fetch, so that packages can be installed without it.
    [`${list}Packages`]: { content: await readFile(join(repository, 'Packages'), 'utf8') },
    [`${list}Release`]: { content: await readFile(join(repository, 'Release'), 'utf8') },
  })
}

/** Makes a host's layer where it is missing: its name, address, machine id and host key. */
export async function ensureHostLayer(lab: LabDefinition, host: HostDefinition): Promise<void> {
  const folder = hostLayer(lab.name, host.name)
  if (existsSync(folder)) return
  const key = await makeKeyPair(lab.name, `root@${host.name}`)
  const network = [
    '[Match]',
    'Name=host0',
    '[Network]',
    `Address=${host.address}/${lab.range.prefix}`,
    'LinkLocalAddressing=no',
    'IPv6AcceptRA=no',
    '',
  ]
  await writeLayer(folder, {
    'etc/hostname': { content: `${host.name}\n` },
    'etc/hosts': { content: `127.0.0.1 localhost\n127.0.1.1 ${host.name}\n` },
    'etc/machine-id': { content: `${randomBytes(16).toString('hex')}\n`, mode: 0o444 },
    'etc/systemd/network/10-lab.network': { content: network.join('\n') },
    [hostKey]: { content: key.privateKey, mode: 0o600 },
    [`${hostKey}.pub`]: { content: key.publicKey },
  })
}

/** The lab's known_hosts file. */
export function knownHostsFile(lab: string): string {
  return labFolder(lab, 'known_hosts')
}

/** Pins the hosts' keys by address and by name. */
export async function writeKnownHosts(lab: LabDefinition): Promise<void> {
  const lines = lab.hosts.map(async ({ name, address }) => {
    const key = await readFile(join(hostLayer(lab.name, name), `${hostKey}.pub`), 'utf8')
    return `${name},${address} ${key.split(' ').slice(0, 2).join(' ')}\n`
  })
  await writePrivate(knownHostsFile(lab.name), (await Promise.all(lines)).join(''))
}
