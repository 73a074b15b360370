import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Message } from './types.js'

/** Milliseconds. */
const defaultPatience = 30_000

interface Mail {
  readonly to: string
  readonly from?: string | undefined
  readonly message: Message
  /** Milliseconds before each further attempt. */
  readonly delays: readonly number[]
  /** Milliseconds that the mailer may take. @default 30_000 */
  readonly patience?: number
}

/**
 * Hands a message to the machine's mailer.
 *
 * @see sendmail(8)
 * @throws Error what it said last
 */
export async function mail(request: Mail): Promise<void> {
  for (const delay of [...request.delays, undefined])
    try {
      await sendmail(textOf(request), request.patience ?? defaultPatience)
      return
    } catch (error) {
      if (delay === undefined) throw error
      await sleep(delay)
    }
}

/** Bodies are base64: no line is too long, and none ends the message. */
function textOf({ to, from, message: { subject, text, id } }: Mail): string {
  const body = Buffer.from(text).toString('base64').replaceAll(/.{76}/g, '$&\n')
  return [
    ...(from === undefined ? [] : [`From: ${oneLine(from)}`]),
    `To: ${oneLine(to)}`,
    `Subject: ${encoded(subject)}`,
    `X-Hostwright-Run: ${id}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    body,
    '',
  ].join('\n')
}

/** A line feed would begin another header. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}

/** @see RFC 2047; one encoded word holds 45 bytes */
function encoded(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  const words: string[] = []
  for (const character of text) {
    const last = words.at(-1)
    if (last !== undefined && Buffer.byteLength(last + character) <= 45)
      words[words.length - 1] = last + character
    else words.push(character)
  }
  return words.map((word) => `=?utf-8?B?${Buffer.from(word).toString('base64')}?=`).join('\n ')
}

async function sendmail(text: string, patience: number): Promise<void> {
  const { PATH = '', HOME, LANG } = process.env
  await new Promise<void>((resolve, reject) => {
    const child = spawn('sendmail', ['-t', '-i'], {
      stdio: ['pipe', 'ignore', 'pipe'],
      // The rest holds passwords.
      env: { PATH: `${PATH}:/usr/sbin:/usr/lib`, HOME, LANG },
    })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += String(chunk)))
    const overdue = setTimeout(() => {
      child.kill('SIGKILL')
      // What it has started may hold the other end.
      child.stderr.destroy()
      child.stdin.destroy()
      reject(new Error(`sendmail: no end after ${patience / 1000} s`))
    }, patience)
    child.on('error', (error) => {
      clearTimeout(overdue)
      reject(error)
    })
    // It may end without having read.
    child.stdin.on('error', () => undefined)
    child.on('close', (code) => {
      clearTimeout(overdue)
      if (code === 0) resolve()
      else reject(new Error(`sendmail: exit status ${code}: ${stderr.trim()}`))
    })
    child.stdin.end(text)
  })
}
