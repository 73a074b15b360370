import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { HostwrightError } from '../core/errors.js'
import { libFolder } from '../core/lib-folder.js'
import { below, cgroup, makeCgroup, members, removeCgroup, signal } from './cgroup.js'
import type { HostDefinition, LabDefinition } from './definition.js'
import { imageOf } from './image.js'
import { hostLayer, labLayer } from './layers.js'
import { labFolder } from './places.js'
import { run } from './run.js'
import { spawnInCgroup } from './spawnInCgroup.js'

interface Link {
  readonly ifname?: string
  readonly altnames?: readonly string[]
  readonly flags?: readonly string[]
}

const bootScript = fileURLToPath(new URL('lab/boot-host.sh', libFolder))

/** What a host has written since it was blank. */
export function overlayFolder(lab: string, host: string): string {
  return labFolder(lab, 'hosts', host, 'upper')
}

/** What the boot of a host printed, its container manager's errors in the first place. */
export function bootLog(lab: string, host: string): string {
  return labFolder(lab, 'hosts', host, 'log')
}

/** Whether a host has any process. */
export function isRunning(lab: string, host: string): boolean {
  return members(cgroup(lab, host)).length > 0
}

/** Whether a host was powered off on purpose. */
export function isOff(lab: string, host: string): boolean {
  return existsSync(offMark(lab, host))
}

/** Starts to boot a host that does not run, blank if it is new; does not wait for it. */
export async function bootHost(lab: LabDefinition, host: HostDefinition): Promise<void> {
  const group = cgroup(lab.name, host.name)
  await removeCgroup(group)
  await mkdir(labFolder(lab.name, 'hosts', host.name), { recursive: true, mode: 0o700 })
  const [upper, work] = [
    overlayFolder(lab.name, host.name),
    labFolder(lab.name, 'hosts', host.name, 'work'),
  ]
  for (const folder of [upper, work]) await mkdir(folder, { recursive: true })
  // It is the host's root folder.
  await chmod(upper, 0o755)
  await rm(offMark(lab.name, host.name), { force: true })
  const machine = below(group, 'machine')
  makeCgroup(machine)
  const image = imageOf(host.image).folder
  const lower = [hostLayer(lab.name, host.name), labLayer(lab.name, image), image].join(':')
  const launch = ['unshare', '--mount', '--propagation', 'private', '--', 'sh', bootScript]
  const box = [lower, upper, work, `${lab.name}-${host.name}`, host.name, lab.bridge, ...machine]
  await removeLink(lab.name, host.name)
  const log = bootLog(lab.name, host.name)
  await spawnInCgroup(below(group, 'launcher'), log, [...launch, ...box])
}

/** Powers a host off in good order, and by force when that takes longer than 15 seconds. */
export async function powerOff(lab: string, host: string): Promise<void> {
  await writeFile(offMark(lab, host), '')
  const group = cgroup(lab, host)
  const [manager] = members(below(below(group, 'machine'), 'supervisor'))
  if (manager !== undefined) {
    signal(manager, 'SIGTERM')
    const deadline = Date.now() + 15_000
    while (Date.now() < deadline && isRunning(lab, host)) await sleep(50)
  }
  await removeCgroup(group)
}

/** Ends a host at once and removes all that it has. */
export async function destroyHost(lab: string, host: string): Promise<void> {
  await removeCgroup(cgroup(lab, host))
  const folder = labFolder(lab, 'hosts', host)
  if (!existsSync(folder)) return
  // Renamed first, so that what an interruption leaves is not taken for a host.
  await rename(folder, `${folder}.gone`)
  await rm(`${folder}.gone`, { recursive: true })
}

/** Plugs a host's cable in or takes it out. */
export async function setLink(lab: string, host: string, state: 'up' | 'down'): Promise<void> {
  await run('ip', ['link', 'set', 'dev', linkName(lab, host), state])
}

/** The hosts whose cable has been taken out. */
export async function unplugged(lab: LabDefinition): Promise<readonly string[]> {
  if (allPlugged(lab.bridge)) return []
  const shown = await run('ip', ['-json', 'link', 'show', 'master', lab.bridge]).catch(() => '[]')
  const links = JSON.parse(shown || '[]') as readonly Link[]
  const down = links.filter(({ flags }) => flags?.includes('UP') === false)
  const names = new Set(down.flatMap(({ ifname, altnames = [] }) => [ifname, ...altnames]))
  return lab.hosts.map(({ name }) => name).filter((name) => names.has(linkName(lab.name, name)))
}

/** The quick answer, which is nearly always the whole one. @see netdevice(7) on the flags */
function allPlugged(bridge: string): boolean {
  try {
    return readdirSync(`/sys/class/net/${bridge}/brif`).every((port) => {
      const flags = readFileSync(`/sys/class/net/${port}/flags`, 'utf8')
      return (Number(flags) & 1) === 1
    })
  } catch {
    // The bridge or a port has just gone.
    return false
  }
}

/** A host's end of the cable as systemd-nspawn names it; a long name is an alternative one. */
function linkName(lab: string, host: string): string {
  return `vb-${lab}-${host}`
}

/** The kernel takes away a dead host's cable some time after the host; until then its name is taken. */
async function removeLink(lab: string, host: string): Promise<void> {
  await run('ip', ['link', 'delete', 'dev', linkName(lab, host)]).catch((error: unknown) => {
    if (!(error instanceof HostwrightError && /Cannot find device/.test(error.stderr ?? '')))
      throw error
  })
}

function offMark(lab: string, host: string): string {
  return labFolder(lab, 'hosts', host, 'off')
}

/** The last lines of a host's boot log, for errors. */
export async function bootLogTail(lab: string, host: string): Promise<string> {
  const text = await readFile(bootLog(lab, host), 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-10).join('\n')
}
