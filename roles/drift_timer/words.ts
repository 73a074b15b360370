import type { Secret } from '../../lib/index.js'

/** A word of ExecStart, in which systemd replaces nothing. */
export function word(text: string): string {
  return pathWord(text).replaceAll('$', '$$$$')
}

/** One of a setting's paths; variables are only replaced in commands. */
export function pathWord(text: string): string {
  return plain(quoted(text))
}

/** A setting's text, in which systemd replaces nothing. */
export function plain(text: string): string {
  return text.replaceAll('%', '%%')
}

/** A line of an EnvironmentFile. */
export function environmentLine([name, value]: readonly [string, Secret]): string {
  return `${name}=${quoted(value.reveal()).replaceAll(/[$`]/g, '\\$&')}\n`
}

function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, '\\$&')}"`
}
