import { mail } from './mail.js'
import { post } from './post.js'
import { smtp } from './smtp.js'
import type { Message, Notify } from './types.js'

/**
 * Sends a message to a receiver, in the form that it takes.
 *
 * @param delays milliseconds before each further attempt
 * @throws Error why it has not been taken
 */
export async function send(
  notify: Notify,
  message: Message,
  delays: readonly number[],
): Promise<void> {
  const { text, data, id } = message
  switch (notify.kind) {
    case 'webhook':
      return await post({ url: notify.url, body: { text, ...data }, delays })
    case 'slack':
      return await post({ url: notify.url, body: { text: slackText(text) }, delays })
    case 'matrix':
      return await post({
        method: 'PUT',
        // The same id again is the same message, which the room shows once.
        url: `${notify.server.replace(/\/+$/, '')}/_matrix/client/v3/rooms/${encodeURIComponent(notify.room)}/send/m.room.message/${encodeURIComponent(id)}`,
        token: notify.token,
        body: { msgtype: 'm.text', body: text },
        delays,
      })
    case 'mail':
      return await mail({ to: notify.to, from: notify.from, message, delays })
    case 'smtp':
      return await smtp({ ...notify, message, delays })
  }
}

/** @see https://docs.slack.dev/messaging/formatting-message-text#escaping */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
