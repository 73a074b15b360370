import { HostwrightError } from '../core/errors.js'
import { callerPlace } from '../core/place.js'
import { quote } from '../core/quote.js'
import type { Message } from '../connection/types.js'
import { UnknownSignal } from './signals.js'
import { outputLines } from './output.js'
import type { View } from './view.js'

export interface CommandOptions {
  /** Says that the command changes nothing: it runs in check mode too. @default false */
  readonly readOnly?: boolean
  /** For the command's standard input. */
  readonly input?: string | NonNullable<Message['input']>
  /** Milliseconds after which it is killed with all that it started. @default none */
  readonly timeout?: number
  /** Gives back any exit status instead of throwing. @default false */
  readonly nothrow?: boolean
  /** Takes standard output as it comes, for more than fits in memory. */
  readonly onStdout?: (chunk: Buffer) => void
}

export interface CommandResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
  /** Standard output without white space around it. */
  text(): string
  /** Standard output's lines without the empty one at the end. */
  lines(): string[]
}

type Word = string | number | readonly (string | number)[]

/**
 * zx's `$` on the host: what stands in `${}` is quoted as one word, an array as one word each. A
 * pipe's, redirection's and loop's syntax is that of a POSIX sh. It is no task and never counts as
 * changed: for changes there is `command`. In check mode a command that is not `readOnly` does not
 * run, and what follows in its role is *unknown*.
 *
 * @throws HostwrightError COMMAND_FAILED, COMMAND_TIMEOUT, CONNECTION_LOST (only what is `readOnly` is
 *   tried again)
 * @example
 * const { stdout } = await host.$({ readOnly: true })`ss -Hltn sport = :${port}`
 */
export interface RemoteShell {
  (pieces: TemplateStringsArray, ...words: readonly Word[]): Promise<CommandResult>
  (
    options: CommandOptions,
  ): (pieces: TemplateStringsArray, ...words: readonly Word[]) => Promise<CommandResult>
}

export function remoteShell(view: View): RemoteShell {
  const run =
    (options: CommandOptions) =>
    async (pieces: TemplateStringsArray, ...words: readonly Word[]): Promise<CommandResult> =>
      await runCommand(view, joinCommand(pieces, words), options)
  return ((first: TemplateStringsArray | CommandOptions, ...words: readonly Word[]) =>
    'raw' in first ? run({})(first, ...words) : run(first)) as RemoteShell
}

function joinCommand(pieces: TemplateStringsArray, words: readonly Word[]): string {
  return pieces
    .map((piece, index) => {
      const word = words[index]
      if (word === undefined) return piece
      return (
        piece +
        (Array.isArray(word) ? word : [word as string | number])
          .map((part) => quote(String(part)))
          .join(' ')
      )
    })
    .join('')
}

async function runCommand(
  view: View,
  command: string,
  options: CommandOptions,
): Promise<CommandResult> {
  const place = callerPlace()
  const task = `$ ${command.trim().split('\n')[0]}`
  if (view.readOnly && !options.readOnly)
    throw new UnknownSignal(
      `"${command.trim()}" does not run in check mode; say readOnly: true if it changes nothing`,
    )
  if (view.runtime.mode === 'list' || !view.selected())
    throw new UnknownSignal('commands do not run here')
  view.emit({ type: 'start', task })
  const input = typeof options.input === 'string' ? Buffer.from(options.input) : options.input
  const lines = outputLines((_, stream, text) => view.emit({ type: 'output', task, stream, text }))
  const stdout: Buffer[] = []
  const send = async () => {
    stdout.length = 0
    return await view.exchange({
      script: command,
      ...(input && { input }),
      ...(options.timeout !== undefined && { timeout: options.timeout }),
      onStdout: (chunk) => {
        if (options.onStdout) return options.onStdout(chunk)
        stdout.push(chunk)
        lines.take(0, 'stdout', chunk)
      },
      onStderr: (chunk) => lines.take(0, 'stderr', chunk),
    })
  }
  const repeatable = options.readOnly && !options.onStdout && !(input && 'chunks' in input)
  const reply = repeatable ? await view.persist(send) : await send()
  lines.flush(0)
  const result: CommandResult = {
    stdout: Buffer.concat(stdout).toString(),
    stderr: reply.stderr.toString(),
    exitCode: reply.exitCode,
    text: () => result.stdout.trim(),
    lines: () =>
      result.stdout
        .replace(/\n$/, '')
        .split('\n')
        .filter((line, _, all) => all.length > 1 || line !== ''),
  }
  if (reply.exitCode === 0 || options.nothrow) return result
  if (view.readOnly && view.runtime.checkAnswers(view.become?.user).predicted)
    throw new UnknownSignal(
      `"${command.trim()}" failed, which may be because earlier changes are not made`,
    )
  throw new HostwrightError(
    'COMMAND_FAILED',
    `Cannot run "${command.trim()}" on "${view.name}": exit status ${reply.exitCode}: ${result.stderr.trim().split('\n').at(-1) ?? ''}`,
    {
      host: view.name,
      role: view.role,
      place,
      command: command.trim(),
      exitCode: reply.exitCode,
      stderr: result.stderr,
    },
  )
}
