import { readFile } from 'node:fs/promises'
import type { LabDefinition } from './definition.js'
import { writePrivate } from './files.js'
import { imageFolder } from './image.js'
import { labFolder } from './places.js'
import { repositoryFolder } from './repository.js'

/** What a lab was built from. */
export interface LabRecord {
  readonly subnet: string
  readonly image: string
  readonly repository: string
  /** Own packages, where there are any. */
  readonly packages?: readonly string[]
  /** Names to addresses. */
  readonly hosts: Readonly<Record<string, string>>
}

/** What the lab is to be built from. */
export function wantedRecord(lab: LabDefinition): LabRecord {
  return {
    subnet: lab.subnet,
    image: imageFolder(),
    repository: repositoryFolder(),
    ...(lab.packages.length > 0 && { packages: lab.packages }),
    hosts: Object.fromEntries(lab.hosts.map(({ name, address }) => [name, address])),
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
