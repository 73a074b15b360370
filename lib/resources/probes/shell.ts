import { HostwrightError } from '../../core/errors.js'
import { quote } from '../../core/quote.js'
import { probeKind } from '../define.js'
import type { Query } from '../types.js'

export interface ShellAnswer {
  readonly exitCode: number
  readonly stdout: string
  /** Without line breaks at its end. */
  readonly stderr: string
}

/**
 * What a script of the user's own says: it must only read. It gets nothing on standard input.
 *
 * @example
 * ask(shell('test -e /etc/hosts')).exitCode // 0
 */
export const shell: (script: string) => Query<ShellAnswer> = probeKind<string, ShellAnswer>({
  name: 'shell',
  id: (script) => script,
  // A fresh random mark, told first, stands between the parts. `eval` keeps a script that is not
  // valid from taking the others with it.
  script: (scripts) =>
    [
      'read -r mark < /proc/sys/kernel/random/uuid',
      `printf '%s\\n' "$mark"`,
      ...scripts.map(
        (script) => `{ err=$( ( eval ${quote(script)} ) 2>&1 >&3 </dev/null ); code=$?; } 3>&1
printf '%s%s\\n%s%s' "$mark" "$code" "$err" "$mark"`,
      ),
    ].join('\n'),
  parse(stdout, scripts) {
    const text = stdout.toString()
    const mark = text.slice(0, text.indexOf('\n'))
    const parts = text.slice(mark.length + 1).split(mark)
    if (mark === '' || parts.length !== scripts.length * 2 + 1)
      throw new HostwrightError('INTERNAL', 'Cannot read the answer of a script: it is cut short')
    return scripts.map((_, index) => {
      const tail = parts[index * 2 + 1] ?? ''
      const end = tail.indexOf('\n')
      return {
        stdout: parts[index * 2] ?? '',
        exitCode: Number(tail.slice(0, end)),
        stderr: tail.slice(end + 1),
      }
    })
  },
})
