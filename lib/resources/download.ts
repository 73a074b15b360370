import { quote } from '../core/quote.js'
import { Secret } from '../core/secret.js'
import { resourceType } from './define.js'
import { textOf } from './lineInFile.js'
import { checkPath, refuse } from './parameters.js'
import { pathEffects, pathOf, temporaryBeside } from './paths.js'
import { sha256 as sha256Of } from './probes/sha256.js'
import { supposing } from './supposing.js'
import type { CommonOptions, Plan, Resource } from './types.js'

export interface DownloadOptions {
  /** By http or https. A secret never shows; the host needs curl for it. */
  readonly url: string | Secret
  /** Absolute; its directory has to exist. */
  readonly path: string
  /** Of the file, in hexadecimal. */
  readonly sha256: string
}

const wrongSum = 83
const noProgram = 84
/** Of curl: one of its time limits. */
const stalled = 28
/** Seconds in which a server has to say something. */
const patience = 60

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
            ? { property: 'state', from: 'absent', to: String(url) }
            : { property: 'sha256', from: now, to: sha256 },
        ],
        steps: [
          {
            script: fetch(wish),
            errors: {
              [wrongSum]: {
                code: 'VALIDATION_FAILED',
                message: `Cannot take "${String(url)}": its SHA-256 is not the one that is wished`,
                hint: `"${path}" stays as it is; see where the file comes from, or correct its SHA-256`,
              },
              [noProgram]: {
                code: 'UNSUPPORTED',
                message: `Cannot fetch "${String(url)}": the host has ${url instanceof Secret ? 'no curl' : 'neither curl nor apt'}`,
                hint: 'Install curl before',
              },
              [stalled]: {
                code: 'TASK_FAILED',
                message: `Cannot fetch "${String(url)}": its server has not answered, or has stopped sending, for ${patience} s`,
                hint: 'See on the host what curl gets from it',
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
 * A URL that holds a token, a name or a password is given as a secret. A Debian without the package
 * `ca-certificates` knows no server of https.
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
  const text = textOf(url)
  // What has white space or control characters in it is no URL, though Node would take it for one.
  if (!URL.canParse(text) || !/^https?:\/\/[^\s\p{Cc}]+$/u.test(text))
    refuse(`Cannot fetch "${String(url)}": it is no URL of http or https`, 'Give a whole one')
  const { username, password, host } = new URL(text)
  if (username + password !== '' && !(url instanceof Secret))
    refuse(
      `Cannot fetch from "${host}": the URL holds a name or password, and would be shown`,
      'Give it as a secret: secret(url)',
    )
  const sha: unknown = options.sha256
  if (typeof sha !== 'string' || !/^[0-9a-f]{64}$/i.test(sha))
    refuse(
      `Cannot fetch "${String(url)}": ${sha === undefined ? 'sha256 is missing' : 'sha256 is not a SHA-256'}, and what comes from the web is checked`,
      'Give 64 hexadecimal digits: those that the maker of the file shows, or what sha256sum says',
    )
  return describe({ ...options, path, sha256: sha.toLowerCase() })
}

/**
 * Fetches into a folder that nobody else enters, beside the path; what a killed run has left there goes
 * first. curl reads the URL from its input, so that no list of processes shows it. A Debian has apt's own
 * program where it has no curl.
 */
function fetch({ url, path, sha256 }: DownloadOptions): string {
  const folder = temporaryBeside(path)
  const config = `url = "${textOf(url).replace(/["\\]/g, '\\$&')}"`
  const apt = `elif [ -x /usr/lib/apt/apt-helper ]; then
  /usr/lib/apt/apt-helper -q -o APT::Sandbox::User=root -o Acquire::http::Timeout=${patience} \
-o Acquire::https::Timeout=${patience} -o Acquire::Retries=0 download-file ${quote(String(url))} new
`
  return `umask 077
for old in ${folder}??????; do [ ! -O "$old" ] || rm -rf -- "$old"; done
made=
trap 'exit 1' HUP INT TERM
trap 'cd / && [ -z "$made" ] || rm -rf -- "$made"' EXIT
made=$(mktemp -d -- ${folder}XXXXXX) && cd -P -- "$made" && [ -O . ] || exit 1
if command -v curl >/dev/null; then
  printf '%s\\n' ${quote(config)} | curl -qgfsSL --connect-timeout ${patience} --speed-limit 1 \
--speed-time ${patience} -o new --config -
${url instanceof Secret ? '' : apt}else
  exit ${noProgram}
fi || exit
[ "$(sha256sum < new)" = ${quote(`${sha256}  -`)} ] || exit ${wrongSum}
chmod 0644 new && sync new && mv -fT new ${quote(path)}`
}
