import { basename } from 'node:path/posix'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { HostwrightError } from '../../lib/index.js'
import type { Family } from './families.js'
import type { Params } from './params.js'

/** Where it comes from, the web or the controller; `path` is where it is kept on the node. */
export type PackageSource =
  | { readonly url: string; readonly sha256: string; readonly path: string }
  | { readonly file: string; readonly path: string }

/** Package files stay here, so that what is installed can be compared with what is wished. */
export const packageFolder = '/var/lib/acme2certifier'

/**
 * @throws HostwrightError PARAMETER_INVALID for the other family's format, a URL without its SHA-256,
 *   or a file that is not there or another
 */
export function packageSource(params: Params, family: Family): PackageSource {
  const wished = params.package ?? family.release
  if (!wished.endsWith(`.${family.format}`))
    throw new HostwrightError(
      'PARAMETER_INVALID',
      `Cannot install package "${wished}": the host takes files of format ${family.format}`,
      { hint: 'give package in group_vars of each family' },
    )
  const sha256 = params.packageSha256
  if (/^https?:/.test(wished)) {
    const { username, password, host } = new URL(wished)
    if (username + password !== '')
      throw new HostwrightError(
        'PARAMETER_INVALID',
        `Cannot take a package from "${host}": its URL holds a name or password, which would be shown`,
        { hint: 'fetch it by hand, and give the file' },
      )
    if (sha256 === undefined)
      throw new HostwrightError(
        'PARAMETER_INVALID',
        `Cannot take package "${wished}": packageSha256 is missing, and what comes from the web is checked`,
        {
          hint: 'give packageSha256 where package is given (site.ts: -e acme2certifier_package_sha256=SUM): the release page shows it beside the file; or take a file on this machine, which needs none',
        },
      )
    const name = decodeURIComponent(basename(new URL(wished).pathname))
    return { url: wished, sha256, path: `${packageFolder}/${name}` }
  }
  const file = resolve(wished)
  if (!existsSync(file))
    throw new HostwrightError(
      'PARAMETER_INVALID',
      `Cannot find package "${wished}": there is no such file`,
      { hint: 'a path is one of the controller, relative to where the playbook is run' },
    )
  if (sha256 !== undefined && sha256 !== sumOf(file))
    throw new HostwrightError(
      'PARAMETER_INVALID',
      `Cannot take package "${wished}": its SHA-256 is "${sumOf(file)}"`,
      { hint: 'see where the file comes from, or correct packageSha256' },
    )
  return { file, path: `${packageFolder}/${basename(file)}` }
}

function sumOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}
