import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { HostDefinition, LabDefinition } from './definition.js'
import { writeLayer, writePrivate, type LayerFile } from './files.js'
import { el9Sources } from './el9/sources.js'
import { imageOf, type Image } from './image.js'
import { hashPassword, loginKeyFile, makeKeyPair, passwordFile } from './keys.js'
import { imagesOf, ownPackagesFolder, repositoryPort } from './ownPackages.js'
import { labFolder } from './places.js'

const hostKey = 'etc/ssh/ssh_host_ed25519_key'

/** The layer over an image that all hosts of a lab share which have it. */
export function labLayer(lab: string, image: string): string {
  return labFolder(lab, 'layers', basename(image))
}

/** The layer of one host: what makes it itself before it has written anything. */
export function hostLayer(lab: string, host: string): string {
  return labFolder(lab, 'hosts', host, 'layer')
}

/** Makes the lab's layers where they are missing: who may log in, and where packages come from. */
export async function ensureLabLayers(lab: LabDefinition): Promise<void> {
  const login = await readFile(`${loginKeyFile(lab.name)}.pub`, 'utf8')
  const password = await hashPassword(await readFile(passwordFile(lab.name), 'utf8'))
  await mkdir(labFolder(lab.name, 'layers'), { recursive: true })
  for (const image of imagesOf(lab)) {
    const layer = labLayer(lab.name, image.folder)
    if (existsSync(layer)) continue
    const shadow = join(image.folder, 'etc/shadow')
    const text = await readFile(shadow, 'utf8')
    const { mode, uid, gid } = await stat(shadow)
    await writeLayer(layer, {
      'root/.ssh/authorized_keys': { content: login, mode: 0o600 },
      'home/admin/.ssh/authorized_keys': { content: login, mode: 0o600, uid: 1000, gid: 1000 },
      'etc/shadow': {
        content: text.replace(/^admin:[^:]*/m, () => `admin:${password}`),
        mode: mode & 0o7777,
        uid,
        gid,
      },
      ...(await packageSources(lab, image)),
    })
  }
}

/** Where a host's package manager finds what the lab serves. */
async function packageSources(lab: LabDefinition, { repository, format }: Image) {
  const source = `${lab.gateway}:${repositoryPort}`
  if (repository === undefined) return {}
  if (format === 'rpm') return el9Sources(`http://${source}`, lab.packages.length > 0)
  const index = lab.packages.length > 0 ? ownPackagesFolder(lab) : repository
  const list = `var/lib/apt/lists/${source}_._`
  return {
    'etc/apt/sources.list.d/lab.sources': {
      content: `Types: deb\nURIs: http://${source}/\nSuites: ./\nTrusted: yes\n`,
    },
    // What `apt-get update` would fetch, so that packages can be installed without it.
    [`${list}Packages`]: { content: await readFile(join(index, 'Packages'), 'utf8') },
    [`${list}Release`]: { content: await readFile(join(index, 'Release'), 'utf8') },
  }
}

/** Makes a host's layer where it is missing: its name, address, machine id and host key. */
export async function ensureHostLayer(lab: LabDefinition, host: HostDefinition): Promise<void> {
  const folder = hostLayer(lab.name, host.name)
  if (existsSync(folder)) return
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 })
  const key = await makeKeyPair(lab.name, `root@${host.name}`)
  await writeLayer(folder, {
    'etc/hostname': { content: `${host.name}\n` },
    'etc/hosts': { content: `127.0.0.1 localhost\n127.0.1.1 ${host.name}\n` },
    'etc/machine-id': { content: `${randomBytes(16).toString('hex')}\n`, mode: 0o444 },
    ...networkFiles(lab, host),
    [hostKey]: { content: key.privateKey, mode: 0o600 },
    [`${hostKey}.pub`]: { content: key.publicKey },
  })
}

function networkFiles(lab: LabDefinition, host: HostDefinition): Record<string, LayerFile> {
  const address = `${host.address}/${lab.range.prefix}`
  const { folder } = imageOf(host.image)
  if (existsSync(join(folder, 'usr/lib/systemd/systemd-networkd')))
    return {
      'etc/systemd/network/10-lab.network': {
        content: `[Match]\nName=host0\n[Network]\nAddress=${address}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n`,
      },
    }
  return {
    'etc/NetworkManager/system-connections/lab.nmconnection': {
      content: `[connection]\nid=lab\ntype=ethernet\ninterface-name=host0\n[ipv4]\nmethod=manual\naddress1=${address}\n[ipv6]\nmethod=disabled\n`,
      mode: 0o600,
    },
  }
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
