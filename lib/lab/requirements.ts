import { constants, existsSync } from 'node:fs'
import { access, readFile, statfs } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { libFolder } from '../core/lib-folder.js'
import { run } from './run.js'

/** File systems that cannot hold the upper layer of an overlay. @see statfs(2) */
const unfit = new Map([
  [0x794c7630, 'overlay'],
  [0x6969, 'NFS'],
])

interface Requirement {
  readonly command: string
  readonly package: string
}

/**
 * Checks that this machine can have a lab, before anything is touched.
 *
 * @throws HostwrightError LAB_UNAVAILABLE saying what is missing and how to get it
 */
export async function checkRequirements(folder: string): Promise<void> {
  if (process.platform !== 'linux')
    throw unavailable(`this system is "${process.platform}"`, 'Use a machine with Debian 12')
  if (process.getuid?.() !== 0)
    throw unavailable('this user is not root', 'Run the command as root, with sudo for example')
  const text = await readFile(new URL('lab/requirements.json', libFolder), 'utf8')
  const missing: Requirement[] = []
  for (const one of JSON.parse(text) as Requirement[])
    if (!(await hasCommand(one.command))) missing.push(one)
  if (missing.length > 0)
    throw unavailable(
      `${missing.map((one) => one.command).join(', ')} not found`,
      `apt-get install ${[...new Set(missing.map((one) => one.package))].join(' ')}`,
    )
  await run('modprobe', ['overlay']).catch(() => undefined)
  if (!/\toverlay$/m.test(await readFile('/proc/filesystems', 'utf8')))
    throw unavailable('the kernel has no overlay file system', 'Use a kernel that has it')
  let existing = folder
  while (!existsSync(existing)) existing = dirname(existing)
  const kind = unfit.get((await statfs(existing)).type)
  if (kind !== undefined)
    throw unavailable(
      `${folder} is on a file system of type ${kind}`,
      'Set XDG_STATE_HOME to a folder on a local disk',
    )
}

async function hasCommand(command: string): Promise<boolean> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter))
    try {
      await access(join(folder, command), constants.X_OK)
      return true
    } catch {
      // It is not in this folder.
    }
  return false
}

function unavailable(what: string, hint: string): HostwrightError {
  return new HostwrightError('LAB_UNAVAILABLE', `Cannot start lab hosts: ${what}`, { hint })
}
