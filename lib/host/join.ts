import type { BatchWatcher, Section, SectionResult } from './batch.js'

/** What one asker has for the host. */
export interface Part {
  readonly sections: readonly Section[]
  readonly watcher: BatchWatcher
  readonly resolve: (results: SectionResult[]) => void
}

/**
 * Makes one message of parts whose sections do not matter to each other.
 *
 * @param early whether a part is resolved once its own sections have ended, not only by `end`
 */
export function join(
  parts: readonly Part[],
  early: boolean,
): Pick<Part, 'sections' | 'watcher'> & { end(results: readonly SectionResult[]): void } {
  const places = parts.flatMap((part) => part.sections.map((_, at) => ({ part, at })))
  const ended = new Map<Part, SectionResult[]>(parts.map((part) => [part, []]))
  return {
    sections: parts.flatMap(({ sections }) => sections),
    watcher: {
      output: (section, stream, chunk) => {
        const { part, at } = places[section]!
        part.watcher.output?.(at, stream, chunk)
      },
      ended: (section, result) => {
        const { part, at } = places[section]!
        part.watcher.ended?.(at, result)
        const results = ended.get(part)!
        results.push(result)
        if (early && results.length === part.sections.length) part.resolve(results)
      },
    },
    end: (results) => {
      for (const part of parts)
        part.resolve(results.filter((_, section) => places[section]?.part === part))
    },
  }
}
