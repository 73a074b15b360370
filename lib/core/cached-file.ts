import { readFileSync, statSync } from 'node:fs'

/** Milliseconds in which a file can change again without its times showing it. */
const clockTick = 100

/**
 * Makes something of a file of this machine, and again only once the file has changed: a fleet's hosts
 * have their keys, known_hosts and templates in common, and each of them asks for them.
 *
 * @throws what `statSync`, `readFileSync` and `make` throw, each time anew
 */
export function cachedFile<T>(make: (bytes: Buffer, path: string) => T): (path: string) => T {
  const cache = new Map<string, { readonly stamp: string; readonly made: T }>()
  return (path) => {
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path)
    const stamp = [dev, ino, size, mtimeMs, ctimeMs].join(' ')
    const known = cache.get(path)
    if (known?.stamp === stamp) return known.made
    const made = make(readFileSync(path), path)
    if (Date.now() - ctimeMs > clockTick) cache.set(path, { stamp, made })
    return made
  }
}
