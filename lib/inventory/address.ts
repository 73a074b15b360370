const range = (bounds: string) => String.raw`\[(?:${bounds})(?::[0-9]+)?\]`
const decimal = `(?:[01]?[0-9]{1,2}|2[0-4][0-9]|25[0-5]|${range('[0-9]+:[0-9]+')})`
const hex = `(?:[0-9a-f]{1,4}|${range('[0-9a-f]+:[0-9a-f]+')})`
const word = range('[a-z]:[a-z]|[0-9]+:[0-9]+')
const label = String.raw`(?:[\p{L}\p{N}_]|${word})(?:[\p{L}\p{N}_-]|${word})*(?<![_-])`
const ipv4 = String.raw`(?:${decimal}\.){3}${decimal}`
const ipv6 = [
  `(?:${hex}:){7}${hex}`,
  `(?:${hex}:){1,6}:`,
  ...[1, 2, 3, 4, 5, 6].map((head) => `(?:${hex}:){${head}}(?::${hex}){1,${7 - head}}`),
  `:(?::${hex}){1,6}`,
  `${hex}?::`,
  `(?:(?:0:){6}|::(?:ffff:)?|(?:0:){5}ffff:)${ipv4}`,
].join('|')
const hostPattern = new RegExp(String.raw`^(?:${ipv4}|${ipv6}|${label}(?:\.${label})*)$`, 'iu')
/** What most are: names and IPv4 addresses, at a fraction of the time. */
const plainPattern = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/i
const portPatterns = [/^\[(.+)\]:([0-9]+)$/, /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/]

export interface Address {
  readonly host: string
  readonly port: number | undefined
}

/**
 * Takes `host:port` apart: a name, an IPv4 or an IPv6 address, in which ranges may stand. The port of
 * an IPv6 address needs brackets: `[::1]:22`.
 *
 * @returns undefined for what cannot be a host
 * @see ansible-core 2.14, parsing/utils/addresses.py
 * @example
 * parseAddress('web[1:3]:2222') // { host: 'web[1:3]', port: 2222 }
 */
export function parseAddress(text: string): Address | undefined {
  if (plainPattern.test(text)) return { host: text, port: undefined }
  for (const pattern of portPatterns) {
    const [, host, port] = pattern.exec(text) ?? []
    if (host !== undefined && hostPattern.test(host)) return { host, port: Number(port) }
  }
  return hostPattern.test(text) ? { host: text, port: undefined } : undefined
}
