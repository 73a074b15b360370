import { StringDecoder } from 'node:string_decoder'
import { stripVTControlCharacters } from 'node:util'
import { sink } from '../sink.js'

/** The stream of a terminal; one that does not know its size is taken to be 80 by 24. */
export type TerminalStream = NodeJS.WritableStream & {
  readonly columns?: number
  readonly rows?: number
}

/** A terminal whose last lines are drawn again and again, with all else scrolling away above. */
export interface Screen {
  size(): { readonly rows: number; readonly columns: number }
  /** Writes lines that stay. */
  print(lines: readonly string[]): void
  /** Replaces the lines at the bottom; each must be narrower than the terminal. */
  show(lines: readonly string[]): void
  /** Takes the lines at the bottom away and leaves the streams as they were. */
  close(): void
}

// A line that is wider than it seems (two-column characters) is cut by the terminal, not wrapped.
const noWrap = '\u001b[?7l'
const wrap = '\u001b[?7h'

/**
 * Takes a terminal over. The cursor is never hidden: a run that is killed leaves it as it was.
 * What the playbook itself writes, with console.log or on standard error, goes above the live lines.
 *
 * @param others more streams that write on the same terminal
 */
export function createScreen(stream: TerminalStream, others: readonly TerminalStream[]): Screen {
  const out = sink(stream)
  let drawn: readonly string[] = []
  /** The playbook has begun a line, a question perhaps, and the cursor stands behind it. */
  let midLine = false
  const size = () => ({ rows: stream.rows || 24, columns: stream.columns || 80 })

  const erase = () => {
    const { columns } = size()
    // A terminal that was made narrower has wrapped what stood there.
    const rows = drawn.reduce(
      (sum, line) => sum + Math.max(Math.ceil(stripVTControlCharacters(line).length / columns), 1),
      0,
    )
    return rows === 0 ? '' : `\r\u001b[${rows}A\u001b[J`
  }
  const draw = (lines: readonly string[], above = '') => {
    const block = lines.length === 0 ? '' : `${noWrap}${lines.join('\n')}\n${wrap}`
    const text = `${erase()}${above}${block}`
    drawn = lines
    if (text !== '') own(() => out.write(text))
  }
  const foreign = (text: string, write: (text: string) => void) => {
    const lines = drawn
    draw([])
    write(text)
    if (text !== '') midLine = !text.endsWith('\n')
    if (!midLine) draw(lines)
  }
  const diverted = [stream, ...others].map((each) => divert(each, foreign))
  const own = (write: () => void) => {
    for (const { pass } of diverted) pass(true)
    try {
      write()
    } finally {
      for (const { pass } of diverted) pass(false)
    }
  }
  return {
    size,
    print(lines) {
      if (lines.length === 0) return
      const text = `${midLine ? '\n' : ''}${lines.join('\n')}\n`
      midLine = false
      draw(drawn, text)
    },
    show(lines) {
      if (midLine || same(lines, drawn)) return
      draw(lines)
    },
    close() {
      draw([])
      for (const { restore } of diverted) restore()
    },
  }
}

function same(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((line, index) => line === others[index])
}

/** Hands every text that is written to a stream to `take`, but what passes. */
function divert(
  stream: TerminalStream,
  take: (text: string, write: (text: string) => void) => void,
): { pass(on: boolean): void; restore(): void } {
  const write = stream.write.bind(stream)
  const before = Object.getOwnPropertyDescriptor(stream, 'write')
  const decoder = new StringDecoder()
  let passing = false
  const diverted = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | ((error?: Error | null) => void),
    done?: (error?: Error | null) => void,
  ): boolean => {
    const text = typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk))
    const told = typeof encoding === 'function' ? encoding : done
    if (passing) return write(text, told)
    take(text, write)
    if (told !== undefined) process.nextTick(told)
    return true
  }
  stream.write = diverted
  return {
    pass(on) {
      passing = on
    },
    restore() {
      if (before === undefined) delete (stream as { write?: unknown }).write
      else Object.defineProperty(stream, 'write', before)
    },
  }
}
