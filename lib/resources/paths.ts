import { posix } from 'node:path'
import { identity } from './probes/identity.js'
import type { Entry, Stat } from './probes/stat.js'
import type { UnitState } from './probes/unitState.js'
import { content } from './probes/content.js'
import { sha256 } from './probes/sha256.js'
import { stat } from './probes/stat.js'
import { createHash } from 'node:crypto'
import { quote } from '../core/quote.js'
import type { Ask, Effects, Query } from './types.js'

const { basename, dirname, join, parse } = posix

/** The path that a question is about. */
export function pathOf(query: Query): string | undefined {
  return ['stat', 'sha256', 'content'].includes(query.kind.name) ? (query.key as string) : undefined
}

/** Whether a path is a folder or stands in it. */
export function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`)
}

export function isAbsent(query: Query, answer: unknown): boolean {
  return answer === null || (query.kind.name === 'stat' && (answer as Stat).type === 'absent')
}

/** Who will own a new entry of a folder. */
export function newOwner(ask: Ask, path: string): { owner: string; group: string } {
  const { user, group } = ask(identity())
  return { owner: user, group: handedDown(ask, path) ?? group }
}

/** The group that a folder with its setgid bit set gives to new entries; new folders get the bit too. */
export function handedDown(ask: Ask, path: string): string | undefined {
  const parent = ask(stat(dirname(path)))
  if (parent.type !== 'directory') return undefined
  return (parseInt(parent.mode, 8) & 0o2000) === 0 ? undefined : parent.group
}

/** Whether systemd reads the file as a unit, or as a part of one. */
export function isUnitFile(path: string): boolean {
  return /^\/(?:etc|run|lib|usr\/lib|usr\/local\/lib)\/systemd\/system\/./.test(path)
}

/** For the end of a step that writes or removes a file: systemd takes notice of units at once. */
export function reloadUnits(path: string): string {
  return isUnitFile(path) ? ' && { [ ! -d /run/systemd/system ] || systemctl daemon-reload; }' : ''
}

/** What it does to answers that a path has become this. */
export function pathEffects(
  task: string,
  path: string,
  entry: Stat,
  bytes: Buffer | null,
): Effects {
  return {
    becomes: [
      [stat(path), entry],
      [content(path), bytes],
      [sha256(path), bytes === null ? null : sum(bytes)],
    ],
    stale: (query) =>
      query.kind.name === 'shell' ||
      (query.kind.name === 'unitState' && isUnitFile(path)) ||
      isPackageFile(query, path),
    unknown: {
      when: (query, answer) =>
        isPackageFile(query, path) ||
        (query.kind.name === 'shell' && String(query.key).includes(path)) ||
        (query.kind.name === 'unitState' &&
          isUnitFile(path) &&
          query.key === basename(path) &&
          (answer as UnitState | null)?.loadState === 'not-found'),
      reason: `${task} would be changed first`,
    },
  }
}

function isPackageFile({ kind, key }: Query, path: string): boolean {
  return kind.name === 'packageFile' && key === path
}

/** In hexadecimal. */
export function sum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Whether an entry belongs to an owner or group that is given by name or number. */
export function owns(entry: Entry, wanted: string, kind: 'owner' | 'group'): boolean {
  const id = kind === 'owner' ? entry.uid : entry.gid
  return entry[kind] === wanted || String(id) === wanted
}

/** For a shell, but for the six characters at its end: what becomes the file at a path. */
export function temporaryBeside(path: string): string {
  const { dir, base } = parse(path)
  // Names end where file systems end them.
  const name = Buffer.byteLength(base) > 200 ? sum(Buffer.from(base)) : base
  return quote(join(dir, `.hostwright.${name}.`))
}
