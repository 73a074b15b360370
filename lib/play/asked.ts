import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as v from 'valibot'
import { redactDeep } from '../core/secret.js'
import { queryOf } from '../resources/define.js'
import type { Query } from '../resources/types.js'

/** What the hosts were asked in the last run of a playbook, for the first message of the next. */
export interface Asked {
  of(host: string, user: string): readonly Query[]
  keep(host: string, user: string, queries: readonly Query[]): void
  /** Writes it down. A file that cannot be written costs only round trips. */
  save(): void
}

/** Hosts that are alike are asked the same: each list stands once. */
const schema = v.object({
  lists: v.array(v.array(v.tuple([v.string(), v.unknown()]))),
  hosts: v.record(v.string(), v.record(v.string(), v.number())),
})

/** Reads what was kept in a file; one that is not there, or not as it was written, holds nothing. */
export function readAsked(file: string): Asked {
  const before = read(file)
  const { lists, hosts } = parse(before)
  const kept = new Map(
    Object.entries(hosts).flatMap(([host, users]) =>
      Object.entries(users).map(([user, list]) => [keyOf(host, user), lists[list] ?? []]),
    ),
  )
  const made = new Map<readonly unknown[], readonly Query[]>()
  /** By the question's id: what most hosts are asked is looked at once. */
  const entries = new Map<string, List>()
  const entryOf = (query: Query): List => {
    let entry = entries.get(query.id)
    if (!entry)
      entries.set(query.id, (entry = isPlain(query) ? [[query.kind.name, query.key]] : []))
    return entry
  }
  return {
    of(host, user) {
      const list = kept.get(keyOf(host, user)) ?? []
      let queries = made.get(list)
      if (!queries)
        made.set(list, (queries = list.flatMap(([kind, key]) => queryOf(kind, key) ?? [])))
      return queries
    },
    keep(host, user, queries) {
      kept.set(keyOf(host, user), queries.flatMap(entryOf))
    },
    save() {
      const text = textOf(kept)
      // The file system may take its time to take one file in place of another.
      if (text !== before) write(file, text)
    },
  }
}

type List = v.InferOutput<typeof schema>['lists'][number]

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function parse(text: string): v.InferOutput<typeof schema> {
  try {
    return v.parse(schema, JSON.parse(text))
  } catch {
    return { lists: [], hosts: {} }
  }
}

function textOf(kept: ReadonlyMap<string, List>): string {
  const lists = new Map<string, number>()
  const hosts: Record<string, Record<string, number>> = {}
  for (const [key, list] of kept) {
    const [host = '', user = ''] = key.split('\0')
    const text = JSON.stringify(list)
    if (!lists.has(text)) lists.set(text, lists.size)
    ;(hosts[host] ??= {})[user] = lists.get(text)!
  }
  return `{"lists":[${[...lists.keys()].join(',\n')}],\n"hosts":${JSON.stringify(hosts)}}\n`
}

function write(file: string, text: string): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(temporary, text, { mode: 0o600 })
    renameSync(temporary, file)
  } catch {
    // The next run asks when it needs to know.
  }
}

/** Whether a question can be read back, and holds no secret. */
function isPlain({ kind, key, id }: Query): boolean {
  const text = JSON.stringify(key) as string | undefined
  if (text === undefined) return false
  const again = JSON.parse(text) as unknown
  return isDeepStrictEqual(redactDeep(again), key) && queryOf(kind.name, again)?.id === id
}

function keyOf(host: string, user: string): string {
  return `${host}\0${user}`
}
