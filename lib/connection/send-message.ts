import type { Writable } from 'node:stream'
import { HostwrightError } from '../core/errors.js'
import type { Message } from './types.js'

/** Bytes that are handed to a stream at once, so that its buffer stays small. */
const slice = 256 * 1024

/**
 * Refuses what the loop cannot take.
 * @throws HostwrightError PARAMETER_INVALID
 */
export function checkMessage({ script, input, timeout, persist }: Message): void {
  if (script.includes('\0')) throw invalid('it holds a NUL')
  if (persist === true && (input !== undefined || timeout !== undefined))
    throw invalid('one that runs in the shell itself can have neither input nor timeout')
}

/**
 * Writes one message for the loop, no faster than the stream takes it.
 * @throws HostwrightError PARAMETER_INVALID for an input that is not of the size it claims
 */
export async function sendMessage(
  stdin: Writable,
  number: number,
  message: Message,
): Promise<void> {
  const { input, persist, timeout } = message
  const script = Buffer.from(message.script)
  const size = input instanceof Uint8Array ? input.length : input?.size
  const kind = persist === true ? 'persist' : (size ?? 'none')
  const limit = timeout === undefined ? 0 : Math.max(timeout, 1) / 1000
  const header = Buffer.from(`${number} ${script.length} ${kind} ${limit}\n`)
  await write(stdin, Buffer.concat([header, script, newline]))
  if (input === undefined) return
  let sent = 0
  for await (const chunk of input instanceof Uint8Array ? [input] : input.chunks) {
    sent += chunk.length
    if (sent > size!) break
    for (let at = 0; at < chunk.length; at += slice)
      await write(stdin, chunk.subarray(at, at + slice))
  }
  if (sent !== size) throw invalid(`its input is not of ${size} bytes as it claims`)
  await write(stdin, newline)
}

const newline = Buffer.from('\n')

/** Resolves when the stream takes more; also when it has closed, which its owner notices. */
function write(stream: Writable, data: Uint8Array): Promise<void> | undefined {
  if (stream.destroyed || stream.writableEnded || stream.write(data)) return undefined
  return new Promise((resolve) => {
    function done(): void {
      stream.off('drain', done).off('close', done).off('error', done)
      resolve()
    }
    stream.on('drain', done).on('close', done).on('error', done)
  })
}

function invalid(what: string): HostwrightError {
  return new HostwrightError('PARAMETER_INVALID', `Cannot send a script: ${what}`)
}
