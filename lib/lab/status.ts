import { existsSync } from 'node:fs'
import { cgroup, members } from './cgroup.js'
import type { LabDefinition } from './definition.js'
import { isOff, isRunning, unplugged } from './machine.js'
import { hasBridge } from './network.js'
import { labFolder } from './places.js'
import type { LabHostStatus, LabStatus } from './types.js'
import { isComplete } from './up.js'
import { answersSsh } from './waitForSsh.js'

/** Looks at what there is of a lab, and changes nothing. */
export async function labStatus(lab: LabDefinition): Promise<LabStatus> {
  const silent = await unplugged(lab)
  const hosts = lab.hosts.map(async ({ name, address }): Promise<LabHostStatus> => {
    const running = isRunning(lab.name, name)
    const link = running && !silent.includes(name)
    const state = running ? 'running' : isOff(lab.name, name) ? 'stopped' : 'absent'
    return { name, address, state, link, ssh: link && (await answersSsh(address, 1000)) }
  })
  const anything =
    hasBridge(lab) || existsSync(labFolder(lab.name)) || members(cgroup(lab.name)).length > 0
  return {
    name: lab.name,
    subnet: lab.subnet,
    state: (await isComplete(lab)) ? 'up' : anything ? 'partial' : 'down',
    hosts: await Promise.all(hosts),
  }
}
