import { HostwrightError } from '../core/errors.js'
import { callerPlace } from '../core/place.js'
import { quote } from '../core/quote.js'
import type { Message, Reply } from '../connection/types.js'
import { Secret } from '../core/secret.js'
import { UnknownSignal, unknownValue } from './signals.js'
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

const idle = { type: 'task', changes: [], duration: 0 } as const

type Word = string | number | readonly (string | number)[]

/**
 * zx's `$` on the host: what stands in `${}` is quoted as one word, an array as one word each. A
 * pipe's, redirection's and loop's syntax is that of a POSIX sh. It is no task and never counts as
 * changed: for changes there is `command`. In check mode, and where tags leave it out, a command that
 * is not `readOnly` does not run: its result is not known, and using it ends the role as *unknown*.
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
      if (index >= words.length) return piece
      const word: unknown = words[index]
      return piece + (Array.isArray(word) ? word : [word]).map(quoteWord).join(' ')
    })
    .join('')
}

/** Anything but a text or a number is a mistake, and `rm -rf ${undefined}/cache` a costly one. */
function quoteWord(word: unknown): string {
  const text = typeof word === 'string' || Number.isFinite(word) ? String(word) : undefined
  if (text !== undefined && !text.includes('\0')) return quote(text)
  const what =
    text !== undefined
      ? 'a text with a NUL byte'
      : typeof word === 'number'
        ? String(word)
        : word instanceof Secret
          ? 'a secret'
          : word === null
            ? 'null'
            : typeof word
  throw new HostwrightError(
    'PLAYBOOK_INVALID',
    `Cannot put a word into a command: it is ${what}, not a text or a number`,
    {
      place: callerPlace(),
      hint:
        word instanceof Secret
          ? 'give it on standard input: host.$({ input: secret.reveal() })`…`'
          : 'check the variable',
    },
  )
}

async function runCommand(
  view: View,
  command: string,
  options: CommandOptions,
): Promise<CommandResult> {
  const place = callerPlace()
  const task = `$ ${command.trim().split('\n')[0]}`
  if (view.runtime.mode === 'list') return unknownValue('it depends on what the hosts say')
  if (!options.readOnly && !view.selected()) {
    view.emit({ ...idle, task, status: 'skipped', reason: 'not selected by tags' })
    return unknownValue(`"${command.trim()}" is not selected by tags`)
  }
  const leftAlone = options.readOnly ? undefined : view.leftAlone()
  if (leftAlone !== undefined) {
    view.emit({ ...idle, task, status: 'skipped', reason: leftAlone })
    // What comes after it may count on what it would have done.
    throw new UnknownSignal(`"${command.trim()}" is left out: ${leftAlone}`)
  }
  if (view.readOnly && !options.readOnly) {
    const reason = 'it does not run in check mode; say readOnly: true if it changes nothing'
    view.emit({ ...idle, task, status: 'unknown', reason })
    return unknownValue(`"${command.trim()}" does not run in check mode`)
  }
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
  const once = async () => await (options.readOnly ? send() : view.changing(send))
  let reply: Reply
  try {
    reply = repeatable ? await view.persist(send) : await once()
  } finally {
    lines.flush(0)
    view.emit({ type: 'end', task })
  }
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
    `Cannot run "${command.trim()}" on "${view.name}": exit status ${reply.exitCode}: ${result.stderr.trim().split('\n').at(-1) || 'no message'}`,
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
