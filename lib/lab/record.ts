import { readFile } from 'node:fs/promises'
import type { LabDefinition } from './definition.js'
import { writePrivate } from './files.js'
import { imageOf } from './image.js'
import { repositoriesOf } from './ownPackages.js'
import { labFolder } from './places.js'

interface HostRecord {
  readonly address: string
  readonly image: string
}

/** What a lab was built from. */
export interface LabRecord {
  readonly subnet: string
  /** The folders that packages are served from. */
  readonly repositories: readonly string[]
  /** Own packages, where there are any. */
  readonly packages?: readonly string[]
  readonly hosts: Readonly<Record<string, HostRecord>>
}

/** What the lab is to be built from. */
export function wantedRecord(lab: LabDefinition): LabRecord {
  return {
    subnet: lab.subnet,
    repositories: repositoriesOf(lab),
    ...(lab.packages.length > 0 && { packages: lab.packages }),
    hosts: Object.fromEntries(
      lab.hosts.map(({ name, address, image }) => [
        name,
        { address, image: imageOf(image).folder },
      ]),
    ),
  }
}

/** What the lab was built from; nothing where there is no lab. */
export async function readRecord(lab: string): Promise<LabRecord | undefined> {
  const text = await readFile(file(lab), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as LabRecord)
}

export async function writeRecord(lab: string, record: LabRecord): Promise<void> {
  await writePrivate(file(lab), `${JSON.stringify(record, undefined, 2)}\n`)
}

function file(lab: string): string {
  return labFolder(lab, 'lab.json')
}
