import type { Writable } from 'node:stream'
import { promisify } from 'node:util'
import { gzip as gzipNow } from 'node:zlib'
import { HostwrightError } from '../core/errors.js'
import type { Message } from './types.js'

/** Bytes that are handed to a stream at once, so that its buffer stays small. */
const slice = 256 * 1024
/** Below so many bytes two more processes on the host cost more than is spared. */
const leastPacked = 32 * 1024

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
 *
 * @param before - what is to stand before it
 * @param gzip - whether the host can read what is compressed
 * @throws HostwrightError PARAMETER_INVALID for an input that is not of the size it claims
 */
export async function sendMessage(
  stdin: Writable,
  before: string,
  number: number,
  message: Message,
  gzip: boolean,
): Promise<void> {
  const { persist, timeout } = message
  const script = await pack(Buffer.from(message.script), gzip)
  const input =
    message.input instanceof Uint8Array ? await pack(message.input, gzip) : message.input
  const kind = persist === true ? 'persist' : input === undefined ? 'none' : sizeOf(input)
  const limit = timeout === undefined ? 0 : Math.max(timeout, 1) / 1000
  const header = Buffer.from(`${before}${number} ${sizeOf(script)} ${kind} ${limit}\n`)
  await write(stdin, Buffer.concat([header, script.bytes, newline]))
  if (input === undefined) return
  let sent = 0
  for await (const chunk of 'bytes' in input ? [input.bytes] : input.chunks) {
    sent += chunk.length
    if (sent > input.size) break
    for (let at = 0; at < chunk.length; at += slice)
      await write(stdin, chunk.subarray(at, at + slice))
  }
  if (sent !== input.size) throw invalid(`its input is not of ${input.size} bytes as it claims`)
  await write(stdin, newline)
}

interface Packed {
  readonly bytes: Uint8Array
  readonly size: number
  readonly packed: boolean
}

/** Compresses what becomes much smaller, as its beginning tells. */
async function pack(bytes: Uint8Array, gzip: boolean): Promise<Packed> {
  const plain = { bytes, size: bytes.length, packed: false }
  if (!gzip || bytes.length < leastPacked) return plain
  const beginning = bytes.subarray(0, leastPacked)
  if (!isWorth(beginning, await compress(beginning))) return plain
  const small = await compress(bytes)
  return isWorth(bytes, small) ? { bytes: small, size: small.length, packed: true } : plain
}

async function compress(bytes: Uint8Array): Promise<Uint8Array> {
  return await promisify(gzipNow)(bytes, { level: 1 })
}

function isWorth(plain: Uint8Array, packed: Uint8Array): boolean {
  return packed.length < plain.length / 2
}

function sizeOf(part: { readonly size: number; readonly packed?: boolean }): string {
  return `${part.packed === true ? 'z' : ''}${part.size}`
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
