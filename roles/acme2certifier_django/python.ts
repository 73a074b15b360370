import { readFileSync } from 'node:fs'
import { quote } from '../../lib/index.js'

/**
 * Shell that runs a Python program of this role's files/ with the host's own Python, and leaves no
 * compiled files behind.
 *
 * @param user whose rights it has; without it, those of the shell
 */
export function python(name: string, words: readonly string[], user?: string): string {
  const program = readFileSync(new URL(`files/${name}`, import.meta.url), 'utf8')
  const as = user === undefined ? '' : `runuser -u ${quote(user)} -- `
  return `${as}/usr/bin/python3 -B - ${words.map(quote).join(' ')} <<'PROGRAM'\n${program}PROGRAM`
}
