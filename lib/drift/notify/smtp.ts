import { setTimeout as sleep } from 'node:timers/promises'
import { secret, type Secret } from '../../core/secret.js'
import type { Message } from './types.js'

/** Milliseconds to wait for the server. */
const patience = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 }

interface Smtp {
  readonly server: string
  readonly user?: string | undefined
  readonly password?: string | Secret | undefined
  readonly from: string
  readonly to: string
  readonly message: Message
  /** Milliseconds before each further attempt. */
  readonly delays: readonly number[]
}

/**
 * Hands a message to a mail server; again where it can't be reached, or refuses for now (4xx).
 *
 * @see RFC 5321
 * @throws Error which server it is, what it said last, and what to do
 */
export async function smtp(request: Smtp): Promise<void> {
  const { user, password = '', from, to, message, delays } = request
  // What only few notify by is loaded for them.
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({
    ...connectionOf(request.server),
    ...patience,
    ...(user !== undefined && { auth: { user, pass: secret(password).reveal() } }),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  for (const delay of [...delays, undefined])
    try {
      await transport.sendMail({
        from,
        to,
        subject: message.subject,
        text: message.text,
        // The same again where the answer to an attempt was lost: most mailboxes show it once.
        messageId: `<${message.id}@${from.split('@').at(-1)}>`,
        headers: { 'X-Hostwright-Run': message.id },
      })
      return
    } catch (error) {
      const failure = error as Failure
      if (delay === undefined || (failure.responseCode ?? 0) >= 500)
        throw new Error(`${request.server}: ${failure.message}; ${remedyOf(failure)}`, {
          cause: error,
        })
      await sleep(delay)
    }
}

interface Failure extends Error {
  readonly code?: string
  readonly responseCode?: number
}

function remedyOf({ code, message, responseCode }: Failure): string {
  if (code === 'EAUTH') return 'check its user and password'
  if (/certificate|TLS|SSL/i.test(message))
    return 'check that it speaks TLS at this port (smtps:// from the start, smtp:// by STARTTLS), with a certificate for this name; NODE_EXTRA_CA_CERTS names a CA of your own'
  if (responseCode !== undefined) return 'check the addresses, and what the server lets them do'
  return 'check its name and port, and that it can be reached from here'
}

/**
 * How a server is connected to: by TLS from the start (`smtps:`) or by STARTTLS (`smtp:`), without
 * which nothing is sent but to this machine.
 *
 * @throws Error where it is no such URL
 */
export function connectionOf(server: string) {
  const url = URL.canParse(server) ? new URL(server) : undefined
  const isWhole = url && /^smtps?:$/.test(url.protocol) && url.hostname !== ''
  const rest = url && url.username + url.password + url.search + url.hash + url.pathname
  if (!isWhole || (rest !== '' && rest !== '/'))
    throw new Error('its server is not smtps://HOST:PORT or smtp://HOST:PORT')
  const secure = url.protocol === 'smtps:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const isHere = host === 'localhost' || host === '::1' || /^127(?:\.\d+){3}$/.test(host)
  return {
    host,
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    requireTLS: !secure && !isHere,
    ignoreTLS: !secure && isHere,
  }
}
