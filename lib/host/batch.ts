import { randomBytes } from 'node:crypto'
import { quote } from '../core/quote.js'

/** One part of a message: its own subshell, its own output and exit status. */
export interface Section {
  readonly script: string
  readonly input?: Uint8Array
  /** It reads that many bytes and no more, also where what follows has input too. */
  readonly readsExactly?: boolean
  /** POSIX sh that ends with 0 where the section need not run; in the shell of all: it sets and ends nothing. */
  readonly unless?: string
  /** Runs only if every required section before it has ended with 0. */
  readonly required: boolean
}

export interface SectionResult {
  readonly stdout: Buffer
  /** Of what is not required the last in a row has it all. */
  readonly stderr: Buffer
  /** Undefined where an earlier section failed and this one did not run. */
  readonly exitCode: number | undefined
  /** It did not have to run. */
  readonly unneeded?: boolean
}

export interface Batch {
  readonly script: string
  readonly input: Uint8Array | undefined
  /** Takes the message's streams as they come. */
  readonly onStdout: (chunk: Buffer) => void
  readonly onStderr: (chunk: Buffer) => void
  /** Once the message has ended. */
  results(): SectionResult[]
  /** The output of the prelude. */
  prelude(): Buffer
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

export interface BatchWatcher {
  /** A section has ended; those after a failed one end without an exit code and are not told. */
  readonly ended?: (section: number, result: SectionResult) => void
  readonly output?: (section: number, stream: 'stdout' | 'stderr', chunk: Buffer) => void
}

/**
 * Packs sections into one message. Between the sections both streams carry a line with a random
 * word, so any bytes may stand in the outputs; `eval` keeps one section's syntax error from the rest.
 *
 * @param prelude runs before them in the shell itself, and keeps them from running by setting
 *   `hw_failed`
 */
export function batch(
  sections: readonly Section[],
  watcher: BatchWatcher = {},
  prelude?: string,
): Batch {
  const mark = `@@${randomBytes(12).toString('hex')}`
  const told = `printf '\\n${mark} %s\\n' "$hw_s"`
  // Each mark is a packet of its own: what only asks has none on standard error but the last in a row.
  const isMarked = (at: number): boolean =>
    sections[at]?.required === true || sections[at + 1]?.required !== false
  const tell = (at: number): string => (isMarked(at) ? `${told}; ${told} >&2` : told)
  const first = prelude === undefined ? 0 : -1
  const all = Array.from({ length: sections.length - first }, (_, at) => at + first)
  const lines = ['hw_failed=', ...(prelude === undefined ? [] : [prelude, 'hw_s=$?', tell(-1)])]
  for (const [at, { script, input, readsExactly, unless, required }] of sections.entries()) {
    const body = `( eval ${quote(script)}\n)`
    let fed = `${body} </dev/null`
    // After one that is required and fails, nothing reads any more: it may have left some.
    if (input?.length && readsExactly && required) fed = body
    else if (input?.length)
      fed = `head -c ${input.length} | { ${body}; hw_s=$?; cat >/dev/null; exit $hw_s; }`
    lines.push('if [ -n "$hw_failed" ]; then hw_s=-')
    if (unless !== undefined) {
      const drained = input?.length ? `head -c ${input.length} >/dev/null; ` : ''
      lines.push(`elif { ${unless}\n} </dev/null >/dev/null 2>&1; then ${drained}hw_s=u`)
    }
    lines.push(`else ${fed}`, 'hw_s=$?')
    if (required) lines.push('[ "$hw_s" = 0 ] || hw_failed=1')
    lines.push('fi')
    lines.push(tell(at))
  }
  const results: Partial<Writable<SectionResult>>[] = sections.map(() => ({}))
  let preludeOutput: Buffer = nothing
  const reader = (stream: 'stdout' | 'stderr') =>
    sectionReader(mark, stream === 'stdout' ? all : all.filter(isMarked), {
      chunk: (index, chunk) => {
        if (index >= 0) watcher.output?.(index, stream, chunk)
      },
      end: (index, bytes, status) => {
        if (index < 0 && stream === 'stdout') preludeOutput = bytes
        const result = results[index]
        if (!result) return
        result[stream] = bytes
        if (status === 'u') result.unneeded = true
        result.exitCode = status === '-' ? undefined : status === 'u' ? 0 : Number(status)
        const { stdout, stderr = nothing, exitCode } = result
        const isWhole = sections[index]?.required ? result.stderr : stream === 'stdout'
        if (stdout && isWhole && exitCode !== undefined)
          watcher.ended?.(index, { ...result, stdout, stderr, exitCode })
      },
    })
  return {
    script: lines.join('\n'),
    input: joinInputs(sections),
    onStdout: reader('stdout'),
    onStderr: reader('stderr'),
    prelude: () => preludeOutput,
    results: () =>
      results.map((result) => ({
        ...result,
        stdout: result.stdout ?? nothing,
        stderr: result.stderr ?? nothing,
        exitCode: result.exitCode,
      })),
  }
}

const nothing = Buffer.alloc(0)

function joinInputs(sections: readonly Section[]): Uint8Array | undefined {
  const inputs = sections.flatMap(({ input }) => (input?.length ? [input] : []))
  return inputs.length > 1 ? Buffer.concat(inputs) : inputs[0]
}

/**
 * Cuts one stream at the marks; a mark may come in pieces.
 *
 * @param sections those that have a mark in it, in order
 */
function sectionReader(
  mark: string,
  sections: readonly number[],
  on: {
    chunk: (section: number, chunk: Buffer) => void
    /** @param status the exit status, `-` where it did not run, `u` where it did not have to */
    end: (section: number, bytes: Buffer, status: string) => void
  },
): (chunk: Buffer) => void {
  const start = Buffer.from(`\n${mark} `)
  let at = 0
  let kept: Buffer[] = []
  let pending: Buffer = nothing
  const keep = (bytes: Buffer) => {
    if (bytes.length === 0) return
    kept.push(bytes)
    on.chunk(sections[at] ?? sections.length, bytes)
  }
  return (chunk) => {
    pending = pending.length ? Buffer.concat([pending, chunk]) : chunk
    for (;;) {
      const end = pending.indexOf(start)
      if (end === -1) {
        const sure = Math.max(0, pending.length - start.length + 1)
        keep(pending.subarray(0, sure))
        pending = pending.subarray(sure)
        return
      }
      const lineEnd = pending.indexOf('\n', end + start.length)
      if (lineEnd === -1) return
      keep(pending.subarray(0, end))
      const status = pending.toString('latin1', end + start.length, lineEnd)
      const section = sections[at]
      if (section !== undefined) on.end(section, Buffer.concat(kept), status)
      kept = []
      at += 1
      pending = pending.subarray(lineEnd + 1)
    }
  }
}
