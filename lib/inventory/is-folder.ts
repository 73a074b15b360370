import { stat } from 'node:fs/promises'

/** A link that leads nowhere is no folder; reading it as a file tells what is wrong. */
export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}
