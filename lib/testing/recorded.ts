import { createHash } from 'node:crypto'
import type { Message } from '../connection/types.js'
import { HostwrightError } from '../core/errors.js'
import { Secret } from '../core/secret.js'
import type { Query } from '../resources/types.js'
import type { FakeCommand } from './fake-types.js'

/** What a host has answered, as plain data: keep it as JSON beside the tests. */
export interface RecordedHost {
  readonly host: string
  /** The account that the play became; empty where it became none. */
  readonly user: string
  /** By the accounts that were asked: {@link RecordedHost.user}, and those of `host.as`. */
  readonly accounts: Readonly<Record<string, RecordedAccount>>
}

export interface RecordedAccount {
  /** By the question. Bytes stand as `{ $text }` or `{ $base64 }`. */
  readonly answers: Readonly<Record<string, unknown>>
  /** What `host.$` with `readOnly` gave, by the command as it was sent and a digest of its input. */
  readonly commands: Readonly<Record<string, FakeCommand>>
  /** What was asked and is not kept, and why. */
  readonly leftOut: Readonly<Record<string, string>>
}

/**
 * The answer that was recorded.
 *
 * @param user '' is the account of the play
 * @param changed what of the system's facts is otherwise than it was recorded
 * @throws HostwrightError UNSUPPORTED where there is none
 */
export function recordedAnswer(
  recorded: RecordedHost,
  user: string,
  { kind, id }: Query,
  changed: object = {},
): { readonly answer: unknown } {
  const { answers = {}, leftOut = {} } = accountOf(recorded, user)
  if (!Object.hasOwn(answers, id)) throw notRecorded(recorded, `answer "${id}"`, leftOut[id])
  const answer = fromJson(answers[id])
  return { answer: kind.name === 'system' ? { ...(answer as object), ...changed } : answer }
}

/**
 * What a command has given.
 *
 * @throws HostwrightError UNSUPPORTED where it did not run
 */
export function recordedCommand(
  recorded: RecordedHost,
  user: string,
  message: Message,
): FakeCommand {
  const { commands = {}, leftOut = {} } = accountOf(recorded, user)
  const key = commandKey(message)
  const reply = Object.hasOwn(commands, key) ? commands[key] : undefined
  if (reply === undefined) throw notRecorded(recorded, `run "${key}"`, leftOut[key])
  return reply
}

/** What a command is known by. With other input it may give something else. */
export function commandKey({ script, input }: Message): string {
  const command = script.trim()
  if (!(input instanceof Uint8Array)) return command
  return `${command} <sha256:${createHash('sha256').update(input).digest('hex')}`
}

function accountOf({ user: own, accounts }: RecordedHost, user: string): Partial<RecordedAccount> {
  return accounts[user === '' ? own : user] ?? {}
}

function notRecorded(
  { host }: RecordedHost,
  what: string,
  leftOut: string | undefined,
): HostwrightError {
  const hint = 'declare it beside the recording: files, users, answers, commands'
  return new HostwrightError(
    'UNSUPPORTED',
    leftOut === undefined
      ? `Cannot ${what} for fake host "${host}": it was not recorded`
      : `Cannot ${what} for fake host "${host}": it was left out of the recording: ${leftOut}`,
    { hint: leftOut === undefined ? `record the host anew with what asks this, or ${hint}` : hint },
  )
}

/** @throws TypeError for what JSON cannot hold; a secret is left out */
export function toJson(value: unknown): unknown {
  if (value === null || ['string', 'boolean'].includes(typeof value)) return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (value === undefined || value instanceof Secret) return undefined
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value)
    const text = bytes.toString()
    return bytes.equals(Buffer.from(text)) ? { $text: text } : { $base64: bytes.toString('base64') }
  }
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, item]) => [key, toJson(item)] as const)
        .filter(([, item]) => item !== undefined),
    )
  throw new TypeError('it is not plain data')
}

function fromJson(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(fromJson)
  const { $text, $base64 } = value as { readonly $text?: string; readonly $base64?: string }
  if ($text !== undefined) return Buffer.from($text)
  if ($base64 !== undefined) return Buffer.from($base64, 'base64')
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromJson(item)]))
}
