/**
 * A text as an SQL literal. It stays on one line and holds no NUL, whatever the text holds.
 *
 * @see https://mariadb.com/kb/en/string-literals/
 * @example
 * sqlText("it's") // `'it\\'s'`
 */
export function sqlText(text: string): string {
  const escaped = text.replaceAll(/[\\'\n\r\0]/g, (character) => escapes[character] ?? character)
  return `'${escaped}'`
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\n': '\\n',
  '\r': '\\r',
  '\0': '\\0',
}

/**
 * A name of a database, table or variable as an SQL identifier.
 *
 * @throws RangeError for a name that MariaDB can't hold
 * @see https://mariadb.com/kb/en/identifier-names/
 */
export function sqlName(name: string): string {
  if (name === '' || /[\0\n\r]/.test(name))
    throw new RangeError(`Cannot quote SQL name ${JSON.stringify(name)}`)
  return `\`${name.replaceAll('`', '``')}\``
}

/** `'user'@'host'`. */
export function sqlAccount(user: string, host: string): string {
  return `${sqlText(user)}@${sqlText(host)}`
}
