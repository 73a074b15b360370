import { createHash } from 'node:crypto'
import { createWriteStream, existsSync, lstatSync, statSync } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { HostwrightError } from '../core/errors.js'
import { readReason } from '../core/read-reason.js'
import { emptyFolder } from './emptyFolder.js'
import { inRoot } from './namespace.js'
import { cacheFolder } from './places.js'
import { run } from './run.js'
import type { Progress } from './types.js'

/** Whether a lab can take it for the place of a root file system. */
export function isTarballPlace(place: string): boolean {
  return isUrl(place) || place.startsWith('/')
}

/** The image's folder; it has another name when the file changes. A URL is fetched once. */
export function tarballImage(place: string): string {
  const found = isUrl(place) ? undefined : statSync(place, { throwIfNoEntry: false })
  const version = found === undefined ? [] : [found.size, found.mtimeMs]
  const key = JSON.stringify([place, ...version, prepare])
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 12)
  return cacheFolder('images', `tarball-${hash}`)
}

/**
 * Unpacks a root file system where it is not in the cache, and lets the lab in: with a user admin,
 * without an identity of its own. The caller has the cache's lock.
 *
 * @throws HostwrightError LAB_UNAVAILABLE when there is no such file or it cannot boot
 */
export async function buildTarballImage(place: string, progress: Progress): Promise<void> {
  const folder = tarballImage(place)
  if (existsSync(folder)) return
  const file = isUrl(place) ? await fetched(place, progress) : place
  if ((await stat(file).catch(() => undefined))?.isFile() !== true)
    throw unusable(
      place,
      'there is no such file',
      'Give the path of a root file system, packed by tar',
    )
  progress(`image ${place}: unpacking it`)
  const root = `${folder}.new`
  await emptyFolder(root)
  try {
    const options = ['--numeric-owner', '--xattrs', '--xattrs-include=*', '--exclude=./dev/*']
    await run('tar', ['-xpf', file, '-C', root, ...options]).catch((cause: unknown) => {
      const said = cause instanceof HostwrightError ? (cause.stderr ?? '') : ''
      throw unusable(place, `tar cannot unpack it: ${lastLine(said)}`, 'See what the file is')
    })
    check(place, root)
    for (const name of ['proc', 'sys', 'dev', 'run', 'tmp'])
      await mkdir(join(root, name), { recursive: true })
    await inRoot(root, prepare)
    await rename(root, folder)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** What a lab host cannot do without: where it may be, and what brings it. */
const needed = [
  [['usr/lib/systemd/systemd', 'lib/systemd/systemd'], 'systemd'],
  [['usr/sbin/sshd'], 'an sshd (openssh-server)'],
  [
    ['usr/lib/systemd/systemd-networkd', 'lib/systemd/systemd-networkd', 'usr/sbin/NetworkManager'],
    'systemd-networkd or NetworkManager',
  ],
  [['usr/sbin/useradd'], 'useradd'],
] as const

function check(place: string, root: string): void {
  const missing = needed
    .filter(([paths]) => !paths.some((path) => isThere(join(root, path))))
    .map(([, what]) => what)
  if (missing.length > 0)
    throw unusable(
      place,
      `the root file system in it has no ${missing.join(', no ')}`,
      'Install it before the file system is packed, with / as the top folder of the archive',
    )
}

/** Links in it lead to places of its own, not of this machine: they count as they are. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

const prepare = `
id admin >/dev/null 2>&1 || {
  groups=
  for group in sudo wheel; do ! getent group $group >/dev/null || groups=$group; done
  useradd --uid 1000 --user-group --create-home --shell /bin/bash \${groups:+--groups $groups} admin
}
chmod 0700 /home/admin
for unit in systemd-networkd ssh sshd; do
  [ ! -e /usr/lib/systemd/system/$unit.service ] || systemctl -q enable $unit.service
done
systemctl -q disable systemd-networkd-wait-online.service 2>/dev/null || :
rm -f /etc/ssh/ssh_host_* /etc/hostname /etc/resolv.conf /etc/machine-id /var/lib/dbus/machine-id
`

/** Where the file that a URL has been fetched to is kept. */
export function downloadOf(url: string): string {
  const hash = createHash('sha256').update(url).digest('hex').slice(0, 12)
  return cacheFolder('downloads', hash)
}

async function fetched(url: string, progress: Progress): Promise<string> {
  const file = downloadOf(url)
  if (existsSync(file)) return file
  progress(`image ${url}: fetching it`)
  const reply = await fetch(url).catch((cause: unknown) => {
    throw unusable(url, `it cannot be fetched: ${reasonOf(cause)}`, 'See whether it can be reached')
  })
  if (!reply.ok || reply.body === null)
    throw unusable(url, `the server answers ${reply.status}`, 'Correct the URL')
  await mkdir(dirname(file), { recursive: true })
  let seen = 0
  let shown = Date.now()
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      seen += chunk.length
      if (Date.now() - shown > 2000) {
        shown = Date.now()
        progress(`image ${url}: ${Math.round(seen / 1e6)} MB`)
      }
      yield chunk
    }
  }
  const body = Readable.fromWeb(reply.body as ReadableStream<Uint8Array>)
  await pipeline(body, counted, createWriteStream(`${file}.new`)).catch((cause: unknown) => {
    throw unusable(url, `it cannot be fetched: ${reasonOf(cause)}`, 'Try again')
  })
  await rename(`${file}.new`, file)
  return file
}

function isUrl(place: string): boolean {
  return /^https?:\/\//.test(place)
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause
  return readReason(inner)
}

function lastLine(text: string): string {
  return text.trim().split('\n')[0] ?? ''
}

function unusable(place: string, what: string, hint: string): HostwrightError {
  return new HostwrightError('LAB_UNAVAILABLE', `Cannot use image "${place}": ${what}`, { hint })
}
