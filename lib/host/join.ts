import type { BatchWatcher, Section, SectionResult } from './batch.js'

/** What one asker has for the host. */
export interface Part {
  readonly sections: readonly Section[]
  readonly watcher: BatchWatcher
}

/** Makes one message of parts whose sections do not matter to each other. */
export function join(parts: readonly Part[]): Part & {
  /** Gives each part its own results. */
  readonly split: (results: readonly SectionResult[]) => SectionResult[][]
} {
  const places = parts.flatMap(({ sections, watcher }) =>
    sections.map((_, at) => ({ watcher, at })),
  )
  const starts: number[] = []
  let length = 0
  for (const { sections } of parts) {
    starts.push(length)
    length += sections.length
  }
  return {
    sections: parts.flatMap(({ sections }) => sections),
    watcher: {
      output: (section, stream, chunk) => {
        const { watcher, at } = places[section]!
        watcher.output?.(at, stream, chunk)
      },
      ended: (section, result) => {
        const { watcher, at } = places[section]!
        watcher.ended?.(at, result)
      },
    },
    split: (results) =>
      parts.map(({ sections }, part) => {
        const start = starts[part]!
        return results.slice(start, start + sections.length)
      }),
  }
}
