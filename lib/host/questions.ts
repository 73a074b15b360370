import { HostwrightError } from '../core/errors.js'
import type { Query } from '../resources/types.js'
import type { Section, SectionResult } from './batch.js'

/** Questions as part of a message: a section for each kind. */
export interface Questions {
  readonly sections: readonly Section[]
  /**
   * Reads what came back for the sections.
   *
   * @throws HostwrightError TASK_FAILED for answers that are not of the kind's form
   */
  read(
    host: string,
    results: readonly (SectionResult | undefined)[],
    give: (query: Query, answer: unknown) => void,
  ): void
}

/** Puts questions into sections. */
export function questions(queries: readonly Query[]): Questions {
  const kinds = [...byKind(queries)]
  return {
    sections: kinds.map(([kind, of]) => ({
      script: kind.script(of.map(({ key }) => key as never)),
      required: false,
    })),
    read: (host, results, give) => {
      const errors = Buffer.concat(results.map((result) => result?.stderr ?? Buffer.alloc(0)))
      for (const [at, [, of]] of kinds.entries()) {
        const answers = parse(host, of, results[at], errors)
        for (const [index, query] of of.entries()) give(query, answers[index])
      }
    },
  }
}

/** @param errors of all kinds: questions in a row share their standard error */
function parse(
  host: string,
  queries: readonly Query[],
  result: SectionResult | undefined,
  errors: Buffer,
): readonly unknown[] {
  const { kind } = queries[0]!
  try {
    const answers = kind.parse(
      result?.stdout ?? Buffer.alloc(0),
      queries.map(({ key }) => key as never),
    )
    if (answers.length !== queries.length)
      throw new Error(`${answers.length} answers to ${queries.length} questions`)
    return answers
  } catch (cause) {
    if (cause instanceof HostwrightError) throw cause.with({ host })
    throw new HostwrightError(
      'TASK_FAILED',
      `Cannot read the state of "${host}": the answers of probe "${kind.name}" are not as expected: ${cause instanceof Error ? cause.message : String(cause)}`,
      { host, exitCode: result?.exitCode, stderr: errors.toString(), cause },
    )
  }
}

function byKind(queries: readonly Query[]): Map<Query['kind'], Query[]> {
  const kinds = new Map<Query['kind'], Query[]>()
  for (const query of queries) {
    const of = kinds.get(query.kind)
    if (of) of.push(query)
    else kinds.set(query.kind, [query])
  }
  return kinds
}
