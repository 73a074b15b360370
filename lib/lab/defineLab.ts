import { readFile, rmdir } from 'node:fs/promises'
import { HostwrightError } from '../core/errors.js'
import type { InventoryData, Vars } from '../inventory/types.js'
import { checkDefinition, findHost, type LabDefinition } from './definition.js'
import { removeLab } from './down.js'
import { loginKeyFile, passwordFile } from './keys.js'
import { knownHostsFile } from './layers.js'
import { withLock } from '../core/lock.js'
import { bootHost, destroyHost, isRunning, overlayFolder, powerOff, setLink } from './machine.js'
import { ownPackage } from './ownPackages.js'
import { labFolder } from './places.js'
import { readRecord } from './record.js'
import { checkRequirements } from './requirements.js'
import { labSecret } from './secrets.js'
import { labStatus } from './status.js'
import type { Lab, LabOptions, LabOwn, Progress } from './types.js'
import { complete, isComplete, waitForHosts } from './up.js'

/**
 * Defines a lab: disposable hosts on this machine, booted by systemd-nspawn from a cached image,
 * with addresses on a bridge of their own and a package repository, and without a way out. Nothing
 * happens until it is asked to do something.
 *
 * It needs Linux, root, and a few Debian packages: {@link Lab.up} says which are missing.
 *
 * @example
 * export default defineLab({
 *   name: 'lab',
 *   subnet: '198.51.100.0/24',
 *   hosts: { 'alma9-c1': {}, 'alma9-c2': {} },
 *   groups: { cluster: { hosts: ['alma9-c1', 'alma9-c2'] } },
 * })
 * @throws HostwrightError INVENTORY_INVALID
 */
export function defineLab(options: LabOptions): Lab {
  const lab = checkDefinition(options)
  const up = (progress: Progress = silent): Promise<void> => bringUp(lab, progress)
  const has = (host: string): string => findHost(lab, host).name
  return {
    name: lab.name,
    up,
    async load() {
      await up((line) => void process.stderr.write(`lab ${lab.name}: ${line}\n`))
      return inventoryData(lab, options)
    },
    down: () => takeDown(lab),
    status: () => labStatus(lab),
    async reset(host, progress = silent) {
      const names = host === undefined ? lab.hosts.map(({ name }) => name) : [has(host)]
      await checkRequirements(labFolder(lab.name))
      await locked(lab, progress, async () => {
        await Promise.all(names.map((name) => destroyHost(lab.name, name)))
        await complete(lab, progress)
      })
    },
    async stop(host) {
      has(host)
      await running(lab, () => powerOff(lab.name, host))
    },
    async start(host) {
      const definition = findHost(lab, host)
      await running(lab, async () => {
        if (!isRunning(lab.name, host)) await bootHost(lab, definition)
        await waitForHosts(lab)
      })
    },
    async linkDown(host) {
      has(host)
      await running(lab, () => setLink(lab.name, host, 'down'))
    },
    async linkUp(host) {
      has(host)
      await running(lab, () => setLink(lab.name, host, 'up'))
    },
    sshCommand: (host, user = 'root') => sshCommand(lab, host, user),
    overlayFolder: (host) => overlayFolder(lab.name, has(host)),
    async adminPassword() {
      await checkUp(lab)
      return readFile(passwordFile(lab.name), 'utf8')
    },
  }
}

const silent: Progress = () => undefined

async function bringUp(lab: LabDefinition, progress: Progress): Promise<void> {
  if (await isComplete(lab)) return waitForHosts(lab)
  await checkRequirements(labFolder(lab.name))
  await locked(lab, progress, () => complete(lab, progress))
}

async function takeDown(lab: LabDefinition): Promise<void> {
  await locked(lab, silent, async () => {
    await removeLab(lab)
    await rmdir(labFolder(lab.name))
  })
}

/** Does something with a lab that is up. */
async function running(lab: LabDefinition, work: () => Promise<void>): Promise<void> {
  await checkUp(lab)
  await locked(lab, silent, work)
}

async function checkUp(lab: LabDefinition): Promise<void> {
  if ((await readRecord(lab.name)) !== undefined) return
  throw new HostwrightError('LAB_FAILED', `Cannot use lab "${lab.name}": it is down`, {
    hint: 'Take it up: hostwright lab up',
  })
}

function locked<T>(lab: LabDefinition, progress: Progress, work: () => Promise<T>): Promise<T> {
  return withLock(labFolder(lab.name), work, {
    make: true,
    onWait: () => progress('waiting for another process'),
  })
}

function inventoryData(lab: LabDefinition, options: LabOptions): InventoryData {
  const hosts = lab.hosts.map(({ name, address, vars }): [string, Vars] => {
    const reach = {
      ansible_host: address,
      ansible_user: 'root',
      ansible_ssh_private_key_file: loginKeyFile(lab.name),
      ansible_ssh_common_args: `-o UserKnownHostsFile=${knownHostsFile(lab.name)}`,
    }
    return [name, { ...reach, ...vars }]
  })
  const { groups = {} } = options
  const own: LabOwn = {
    secret: (name) => labSecret(lab.name, name),
    package: (file) => ownPackage(lab, file),
  }
  return {
    hosts: Object.fromEntries(hosts),
    groups: typeof groups === 'function' ? groups(own) : groups,
  }
}

/** The user's own settings of ssh must not count: they may name other keys and known hosts. */
function sshCommand(lab: LabDefinition, host: string, user: string): readonly string[] {
  const { address } = findHost(lab, host)
  const options = [`UserKnownHostsFile=${knownHostsFile(lab.name)}`, 'IdentitiesOnly=yes']
  const flags = options.flatMap((option) => ['-o', option])
  return ['ssh', '-F', 'none', '-i', loginKeyFile(lab.name), ...flags, `${user}@${address}`]
}
