import type { Secret } from '../../lib/index.js'

/** A word of ExecStart, in which systemd replaces nothing. */
export function word(text: string): string {
  return quoted(text).replaceAll('%', '%%').replaceAll('$', '$$$$')
}

/** A line of an EnvironmentFile. */
export function environmentLine([name, value]: readonly [string, Secret]): string {
  return `${name}=${quoted(value.reveal()).replaceAll(/[$`]/g, '\\$&')}\n`
}

function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, '\\$&')}"`
}
