import { readdir, rm } from 'node:fs/promises'
import { cgroup, removeCgroup, removeEmptyCgroup } from './cgroup.js'
import type { LabDefinition } from './definition.js'
import { networkDown } from './network.js'
import { labFolder } from './places.js'
import { readRecord } from './record.js'

/**
 * Removes all of a lab but its folder itself, which the lock is on: first what runs, last the
 * record. The caller has the lab's lock.
 */
export async function removeLab(lab: LabDefinition): Promise<void> {
  await removeCgroup(cgroup(lab.name))
  removeEmptyCgroup(cgroup())
  const record = await readRecord(lab.name)
  await networkDown({ bridge: lab.bridge, subnet: record?.subnet ?? lab.subnet })
  const names = await readdir(labFolder(lab.name))
  for (const name of [...names.filter((one) => one !== 'lab.json'), 'lab.json'])
    await rm(labFolder(lab.name, name), { recursive: true, force: true })
}
