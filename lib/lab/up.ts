import { existsSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { privateApt, type PrivateApt } from './apt.js'
import type { HostDefinition, LabDefinition } from './definition.js'
import { removeLab } from './down.js'
import type { Image } from './image.js'
import { ensureLoginKeys } from './keys.js'
import { ensureHostLayer, ensureLabLayers, writeKnownHosts } from './layers.js'
import { withLock } from '../core/lock.js'
import { bootHost, destroyHost, isOff, isRunning, unplugged } from './machine.js'
import { hasBridge, networkUp } from './network.js'
import { collectPackages, imagesOf } from './ownPackages.js'
import { cacheFolder, labFolder } from './places.js'
import { readRecord, wantedRecord, writeRecord } from './record.js'
import { isServing, startServer } from './server.js'
import type { Progress } from './types.js'
import { waitForSsh } from './waitForSsh.js'

/** Whether all of a lab is there and runs, but hosts that are off on purpose. */
export async function isComplete(lab: LabDefinition): Promise<boolean> {
  if (!hasBridge(lab) || !isServing(lab.name)) return false
  if (!isDeepStrictEqual(await readRecord(lab.name), wantedRecord(lab))) return false
  return hostsToBoot(lab).length === 0
}

/** Makes a lab complete, whatever is there of it. The caller has the lab's lock. */
export async function complete(lab: LabDefinition, progress: Progress): Promise<void> {
  await fillCache(lab, progress)
  await removeOutdated(lab, progress)
  await networkUp(lab)
  await collectPackages(lab, progress)
  await ensureLoginKeys(lab.name)
  await ensureLabLayers(lab)
  await writeRecord(lab.name, wantedRecord(lab))
  await startServer(lab)
  const started = Date.now()
  const hosts = hostsToBoot(lab)
  if (hosts.length > 0) progress(`booting ${hosts.map(({ name }) => name).join(', ')}`)
  // Before any host runs, so that a lab all of whose hosts run is known whole.
  for (const host of lab.hosts) await ensureHostLayer(lab, host)
  await writeKnownHosts(lab)
  for (const host of hosts) await bootHost(lab, host)
  await waitForHosts(lab)
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  if (hosts.length > 0) progress(`ready after ${seconds} s`)
}

/** Waits until the sshd of every host that can be reached answers. */
export async function waitForHosts(lab: LabDefinition): Promise<void> {
  const silent = await unplugged(lab)
  const hosts = lab.hosts.filter(({ name }) => !silent.includes(name) && !isOff(lab.name, name))
  // Many hosts that boot at once share the machine's cores.
  const timeout = 30_000 + hosts.length * 3000
  await Promise.all(hosts.map((host) => waitForSsh(lab.name, host, timeout)))
}

function hostsToBoot(lab: LabDefinition): readonly HostDefinition[] {
  return lab.hosts.filter(({ name }) => !isRunning(lab.name, name) && !isOff(lab.name, name))
}

/** Builds the images and package repositories that are missing. */
async function fillCache(lab: LabDefinition, progress: Progress): Promise<void> {
  const images = imagesOf(lab)
  const isBuilt = ({ folder, repository = folder }: Image): boolean =>
    existsSync(folder) && existsSync(repository)
  if (images.every(isBuilt)) return
  let lists: Promise<PrivateApt> | undefined
  const apt = (): Promise<PrivateApt> => (lists ??= privateApt())
  const build = async (): Promise<void> => {
    for (const image of images) if (!isBuilt(image)) await image.build(apt, progress)
  }
  await withLock(cacheFolder(), build, {
    make: true,
    onWait: () => progress('waiting for another process that builds it'),
  })
}

/** Removes what a lab of another definition, or an interrupted action, has left. */
async function removeOutdated(lab: LabDefinition, progress: Progress): Promise<void> {
  const wanted = wantedRecord(lab)
  const record = await readRecord(lab.name)
  const same = { ...record, hosts: wanted.hosts }
  if (record !== undefined && !isDeepStrictEqual(same, wanted)) {
    progress('the definition has changed: building all hosts anew')
    await removeLab(lab)
  }
  await mkdir(labFolder(lab.name, 'hosts'), { recursive: true, mode: 0o700 })
  for (const name of await readdir(labFolder(lab.name)))
    if (name.startsWith('key-')) await rm(labFolder(lab.name, name), { recursive: true })
  for (const name of await readdir(labFolder(lab.name, 'hosts')))
    if (!isDeepStrictEqual(wanted.hosts[name] ?? {}, record?.hosts[name]))
      await destroyHost(lab.name, name)
}
