import type { Secret } from '../../core/secret.js'

/** Somebody who is told when something has changed. */
export type Notify =
  /** POST of JSON: the text, and what is new, resolved and unknown as data. */
  | { readonly kind: 'webhook'; readonly url: string | Secret }
  /** An incoming webhook of Slack, or of what takes the same form, such as Mattermost. */
  | { readonly kind: 'slack'; readonly url: string | Secret }
  | {
      readonly kind: 'matrix'
      /** For example `https://matrix.example.com`. */
      readonly server: string
      /** Its id: `!room:example.com`. */
      readonly room: string
      readonly token: string | Secret
    }
  /** By the machine's own `sendmail -t`. */
  | {
      readonly kind: 'mail'
      readonly to: string
      /** @default as sendmail has it */
      readonly from?: string
    }

  /** By a mail server. */
  | {
      readonly kind: 'smtp'
      /** `smtps://HOST:PORT`, or `smtp://HOST:PORT` with STARTTLS, which only this machine may go without. */
      readonly server: string
      readonly from: string
      readonly to: string
      /** @default nobody logs in */
      readonly user?: string
      readonly password?: string | Secret
    }

export interface Message {
  /** One line. */
  readonly subject: string
  readonly text: string
  /** Equal for attempts to send the same. */
  readonly id: string
  /** For programs; plain data. */
  readonly data: Readonly<Record<string, unknown>>
}
