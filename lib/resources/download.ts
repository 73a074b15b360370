import { quote } from '../core/quote.js'
import { resourceType } from './define.js'
import { checkPath, refuse } from './parameters.js'
import { pathEffects, pathOf } from './paths.js'
import { sha256 as sha256Of } from './probes/sha256.js'
import { supposing } from './supposing.js'
import type { CommonOptions, Plan, Resource } from './types.js'

export interface DownloadOptions {
  /** By http or https. */
  readonly url: string
  /** Absolute; its directory has to exist. */
  readonly path: string
  /** Of the file, in hexadecimal. */
  readonly sha256: string
}

const wrongSum = 83
const noProgram = 84

const describe = resourceType<DownloadOptions>({
  name: 'download',
  title: ({ path }) => path,
  reads: ({ path }) => [sha256Of(path)],
  plan: supposing(
    (wish, ask): Plan => {
      const { url, path, sha256 } = wish
      const now = ask(sha256Of(path))
      if (sha256 === now) return { changes: [], steps: [] }
      const effects = pathEffects(`download ${path}`, path, { type: 'absent' }, null)
      const other = (name: string) => name === 'stat' || name === 'content'
      return {
        changes: [
          now === null
            ? { property: 'state', from: 'absent', to: url }
            : { property: 'sha256', from: now, to: sha256 },
        ],
        steps: [
          {
            script: fetch(wish),
            errors: {
              [wrongSum]: {
                code: 'VALIDATION_FAILED',
                message: `Cannot take "${url}": its SHA-256 is not the one that is wished`,
                hint: `"${path}" stays as it is; see where the file comes from, or correct its SHA-256`,
              },
              [noProgram]: {
                code: 'UNSUPPORTED',
                message: `Cannot fetch "${url}": the host has neither curl nor apt`,
                hint: 'Install curl before',
              },
            },
          },
        ],
        effects: {
          becomes: [[sha256Of(path), sha256]],
          stale: (query) =>
            (pathOf(query) === path && other(query.kind.name)) || effects.stale?.(query) === true,
          unknown: {
            when: (query, answer) =>
              (pathOf(query) === path && other(query.kind.name)) ||
              effects.unknown?.when(query, answer) === true,
            reason: `download ${path} would be changed first`,
          },
        },
      }
    },
    (query, { path }) => pathOf(query) === path,
  ),
})

/**
 * A file from the web, which the host fetches itself, with mode 0644. It is fetched where the file
 * at the path has another SHA-256, and takes its place only if its own is right.
 *
 * The URL is shown, and stands in the host's list of processes: it may hold no secret. A Debian without
 * the package `ca-certificates` knows no server of https.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/get_url_module.html
 * @throws HostwrightError PARAMETER_INVALID; on the host VALIDATION_FAILED where the SHA-256 is
 *   another, TASK_FAILED where it can not be fetched, UNSUPPORTED without curl and apt
 * @example
 * const path = '/var/cache/tool.deb'
 * const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
 * await host.ensure([
 *   download({ url: 'https://example.com/tool.deb', path, sha256 }),
 *   packageFile({ path }),
 * ])
 */
export function download(options: DownloadOptions & CommonOptions): Resource {
  const { url } = options
  const path = checkPath(options.path)
  if (!URL.canParse(url) || !/^https?:\/\//.test(url))
    refuse(`Cannot fetch "${String(url)}": it is no URL of http or https`, 'Give a whole one')
  const { username, password, host } = new URL(url)
  if (username + password !== '')
    refuse(
      `Cannot fetch from "${host}": the URL holds a name or password, which the host would show in its list of processes`,
      'Fetch it on the controller, and bring it by file',
    )
  const sum: unknown = options.sha256
  if (typeof sum !== 'string' || !/^[0-9a-f]{64}$/i.test(sum))
    refuse(
      `Cannot fetch "${url}": ${sum === undefined ? 'sha256 is missing' : 'sha256 is not a SHA-256'}, and what comes from the web is checked`,
      'Give 64 hexadecimal digits: those that the maker of the file shows, or what sha256sum says',
    )
  return describe({ ...options, path, sha256: sum.toLowerCase() })
}

// A Debian has apt's own program where it has no curl.
function fetch({ url, path, sha256 }: DownloadOptions): string {
  return `tmp=$(mktemp -- ${quote(`${path}.XXXXXX`)}) || exit
trap 'rm -f -- "$tmp"' EXIT
if command -v curl >/dev/null; then
  curl -qgfsSL --connect-timeout 60 --speed-limit 1 --speed-time 60 -o "$tmp" -- ${quote(url)}
elif [ -x /usr/lib/apt/apt-helper ]; then
  /usr/lib/apt/apt-helper -q -o APT::Sandbox::User=root download-file ${quote(url)} "$tmp"
else
  exit ${noProgram}
fi || exit
[ "$(sha256sum < "$tmp")" = ${quote(`${sha256}  -`)} ] || exit ${wrongSum}
chmod 0644 -- "$tmp" && sync -- "$tmp" && mv -fT -- "$tmp" ${quote(path)}`
}
