import { HostwrightError, secret, type Secret } from '../../lib/index.js'

/**
 * The text of a file for EnvironmentFile=.
 *
 * @see systemd.exec(5)
 * @throws HostwrightError PARAMETER_INVALID for a value of more than one line
 */
export function environmentText(variables: Readonly<Record<string, Secret>>): Secret {
  const lines = Object.entries(variables).map(([name, value]) => {
    const text = value.reveal()
    if (/[\r\n\0]/.test(text))
      throw new HostwrightError(
        'PARAMETER_INVALID',
        `Cannot set variable "${name}": its value is not one line`,
      )
    return `${name}="${text.replace(/["\\`$]/g, '\\$&')}"\n`
  })
  return secret(lines.join(''))
}
