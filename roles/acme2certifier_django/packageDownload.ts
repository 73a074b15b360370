import { quote, resourceType, type Plan } from '../../lib/index.js'
import { pathEffects, pathOf, sha256, supposing } from '../../lib/internal.js'

export interface PackageDownloadOptions {
  readonly url: string
  readonly path: string
  /** In hexadecimal. */
  readonly sha256: string
}

const wrongSum = 83

/** A file from the web. */
export const packageDownload = resourceType<PackageDownloadOptions>({
  name: 'packageDownload',
  title: ({ path }) => path,
  reads: ({ path }) => [sha256(path)],
  plan: supposing(
    (wish, ask): Plan => {
      const now = ask(sha256(wish.path))
      if (wish.sha256 === now) return { changes: [], steps: [] }
      const task = `packageDownload ${wish.path}`
      const { stale, unknown } = pathEffects(task, wish.path, { type: 'absent' }, null)
      return {
        changes: [
          now === null
            ? { property: 'state', from: 'absent', to: wish.url }
            : { property: 'sha256', from: now, to: wish.sha256 },
        ],
        steps: [
          {
            script: download(wish),
            errors: {
              [wrongSum]: {
                code: 'VALIDATION_FAILED',
                message: `Cannot take "${wish.url}": its SHA-256 is not the one that is wished`,
                hint: 'the package is not installed; see where the file comes from, or correct packageSha256',
              },
            },
          },
        ],
        effects: {
          ...(stale && { stale: (query) => query.id === sha256(wish.path).id || stale(query) }),
          ...(unknown && { unknown }),
        },
      }
    },
    (query, { path }) => pathOf(query) === path,
  ),
})

// Python is there anyway; curl may not be.
const fetch = `import shutil, sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=60) as reply, open(sys.argv[2], "wb") as file:
    shutil.copyfileobj(reply, file)`

function download({ url, path, sha256: sum }: PackageDownloadOptions): string {
  return `tmp=$(mktemp -- ${quote(`${path}.XXXXXX`)}) || exit
trap 'rm -f -- "$tmp"' EXIT
/usr/bin/python3 -c ${quote(fetch)} ${quote(url)} "$tmp" || exit
[ "$(sha256sum < "$tmp")" = ${quote(`${sum}  -`)} ] || exit ${wrongSum}
chmod 0644 -- "$tmp" && sync -- "$tmp" && mv -fT -- "$tmp" ${quote(path)}`
}
