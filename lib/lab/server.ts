import { fileURLToPath } from 'node:url'
import { libFolder } from '../core/lib-folder.js'
import { cgroup, members, removeCgroup } from './cgroup.js'
import type { LabDefinition } from './definition.js'
import { repositoryPort, servedFolders } from './ownPackages.js'
import { labFolder } from './places.js'
import { spawnInCgroup } from './spawnInCgroup.js'

const script = fileURLToPath(new URL('lab/repository-server.mjs', libFolder))
/** No host can have this name. */
const group = '.repository'

export function isServing(lab: string): boolean {
  return members(cgroup(lab, group)).length > 0
}

/** Starts the server of the lab's package repository where it does not run. */
export async function startServer(lab: LabDefinition): Promise<void> {
  if (isServing(lab.name)) return
  const command = [
    process.execPath,
    script,
    lab.gateway,
    String(repositoryPort),
    ...servedFolders(lab),
  ]
  await spawnInCgroup(cgroup(lab.name, group), labFolder(lab.name, 'repository.log'), command)
}

export async function stopServer(lab: string): Promise<void> {
  await removeCgroup(cgroup(lab, group))
}
