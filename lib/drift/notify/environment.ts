import { HostwrightError } from '../../core/errors.js'
import { secret } from '../../core/secret.js'
import { connectionOf } from './smtp.js'
import type { Notify } from './types.js'

type Environment = Readonly<Record<string, string | undefined>>

/** Who is to be told, where only the environment says it. */
export interface Notifiers {
  readonly notify: readonly Notify[]
  readonly summary: 'daily' | undefined
}

/**
 * Reads HOSTWRIGHT_NOTIFY_WEBHOOK, _SLACK, _MATRIX, _MAIL, _SMTP and _SUMMARY.
 *
 * @throws HostwrightError USAGE_INVALID
 */
export function notifiersOf(environment: Environment): Notifiers {
  const of = (name: string) => environment[`HOSTWRIGHT_NOTIFY_${name}`] || undefined
  const [webhook, slack, matrix, mail] = [of('WEBHOOK'), of('SLACK'), of('MATRIX'), of('MAIL')]
  const smtp = of('SMTP')
  const summary = of('SUMMARY')
  if (summary !== undefined && summary !== 'daily')
    throw invalid('SUMMARY', 'its value is not "daily"', 'Set it to daily, or leave it out')
  return {
    notify: [
      ...(webhook === undefined
        ? []
        : [{ kind: 'webhook' as const, url: url('WEBHOOK', webhook) }]),
      ...(slack === undefined ? [] : [{ kind: 'slack' as const, url: url('SLACK', slack) }]),
      ...(matrix === undefined ? [] : [matrixOf(matrix)]),
      ...(mail === undefined ? [] : [{ kind: 'mail' as const, to: address('MAIL', mail) }]),
      ...(smtp === undefined ? [] : [smtpOf(smtp)]),
    ],
    summary,
  }
}

/** A URL of a webhook is a password. */
function url(name: string, text: string) {
  if (URL.canParse(text) && /^https?:/.test(text)) return secret(text)
  throw invalid(name, 'its value is no URL', 'Give one that begins with https://')
}

function matrixOf(text: string): Notify {
  const [server = '', room = '', token = '', ...rest] = text.split(/\s+/)
  if (!URL.canParse(server) || !room.startsWith('!') || token === '' || rest.length > 0)
    throw invalid(
      'MATRIX',
      'its value is not SERVER ROOM TOKEN',
      'For example https://matrix.example.com !room:example.com TOKEN',
    )
  return { kind: 'matrix', server, room, token: secret(token) }
}

function smtpOf(text: string): Notify {
  const [, server = '', from = '', to = '', user, password = ''] =
    /^(\S+)\s+(\S+)\s+(\S+)(?:\s+(\S+)\s+(.+))?$/.exec(text) ?? []
  const hint =
    'For example smtps://mail.example.com:465 hw@example.com ops@example.com USER PASSWORD'
  if (to === '') throw invalid('SMTP', 'its value is not SERVER FROM TO [USER PASSWORD]', hint)
  try {
    connectionOf(server)
  } catch (error) {
    throw invalid('SMTP', error instanceof Error ? error.message : String(error), hint)
  }
  // In another order the password would be among them: it is not to be shown.
  if (!isAddress(from) || !isAddress(to)) throw invalid('SMTP', 'FROM or TO is no address', hint)
  const login = user === undefined ? {} : { user, password: secret(password) }
  return { kind: 'smtp', server, from, to, ...login }
}

/** A line feed would begin another header. */
function isAddress(text: string): boolean {
  return /^[^\s<>]+@[^\s<>]+$/.test(text)
}

function address(name: string, text: string): string {
  if (isAddress(text)) return text
  throw invalid(name, `"${text}" is no address`, 'For example ops@example.com')
}

function invalid(name: string, why: string, hint: string): HostwrightError {
  return new HostwrightError(
    'USAGE_INVALID',
    `Cannot use variable "HOSTWRIGHT_NOTIFY_${name}": ${why}`,
    { hint },
  )
}
