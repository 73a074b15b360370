import { mkdir, rm } from 'node:fs/promises'

/** Makes an empty folder, whatever an interrupted build has left in its place. */
export async function emptyFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await mkdir(path, { recursive: true })
}
