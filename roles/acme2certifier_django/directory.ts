import { X509Certificate } from 'node:crypto'
import { get as getHttp } from 'node:http'
import { get as getHttps } from 'node:https'
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { HostwrightError } from '../../lib/index.js'

/** Milliseconds. */
const patience = 10_000

/**
 * Asks a server for its directory, from the controller: its links are there, and it says itself that
 * its database answers, where it says anything about it (`[Directory] db_check`).
 *
 * @param shown the certificate that HTTPS has to show; without it HTTP is asked
 * @param port @default that of the scheme
 * @throws HostwrightError CHECK_FAILED
 * @see RFC 8555, section 7.1.1
 */
export async function directoryIsRight(
  address: string,
  shown?: string,
  port?: number,
): Promise<void> {
  const url = directoryUrl(address, shown === undefined ? 'http' : 'https', port)
  const text = await fetchText(url, address, shown)
  const directory = readJson(url, text)
  if (typeof directory?.['newOrder'] !== 'string')
    throw wrong(url, `it has no newOrder: ${text.slice(0, 200)}`)
  const meta = directory['meta'] as { readonly db_check?: unknown } | undefined
  if (meta?.db_check !== undefined && meta.db_check !== 'OK')
    throw wrong(
      url,
      `meta.db_check is ${JSON.stringify(meta.db_check)}`,
      'see whether MariaDB runs there, and journalctl -u acme2certifier',
    )
}

export function directoryUrl(address: string, scheme: 'http' | 'https', port?: number): string {
  const host = isIP(address) === 6 ? `[${address}]` : address
  return `${scheme}://${host}${port === undefined ? '' : `:${port}`}/directory`
}

async function fetchText(url: string, address: string, shown?: string): Promise<string> {
  // The certificate is compared with the node's own, before anything that comes is read.
  const options = { timeout: patience, agent: false, rejectUnauthorized: false }
  return await new Promise((resolve, reject) => {
    const request = (shown === undefined ? getHttp : getHttps)(url, options, (response) => {
      try {
        if (shown !== undefined) checkCertificate(url, response.socket as TLSSocket, address, shown)
        if (response.statusCode !== 200) throw wrong(url, `its status is ${response.statusCode}`)
      } catch (error) {
        request.destroy()
        reject(error as Error)
      }
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      response.on('end', () => resolve(text)).on('error', reject)
    })
    request.on('timeout', () => request.destroy(new Error(`no answer in ${patience / 1000} s`)))
    request.on('error', (error) => reject(wrong(url, error.message)))
  })
}

function checkCertificate(url: string, socket: TLSSocket, address: string, shown: string): void {
  const found = socket.getPeerX509Certificate()
  const hint = 'see ssl_certificate in /etc/nginx/conf.d, and reload nginx'
  if (found?.fingerprint256 !== new X509Certificate(shown).fingerprint256)
    throw wrong(url, `it shows another certificate than the node has: ${found?.subject}`, hint)
  const isFor = isIP(address) > 0 ? found.checkIP(address) : found.checkHost(address)
  if (isFor === undefined) throw wrong(url, `its certificate is not for ${address}`, hint)
  if (Date.parse(found.validTo) < Date.now())
    throw wrong(url, `its certificate has ended: ${found.validTo}`, hint)
}

function readJson(url: string, text: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>> | null
  } catch {
    throw wrong(url, `it is no JSON: ${text.slice(0, 200)}`)
  }
}

function wrong(
  url: string,
  text: string,
  hint = 'see systemctl status nginx acme2certifier, and whether a firewall is between',
): HostwrightError {
  return new HostwrightError('CHECK_FAILED', `Cannot use "${url}": ${text}`, { hint })
}
