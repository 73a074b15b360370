import { check, HostwrightError, role, type Check, type Host } from '../../lib/index.js'
import { directoryIsRight } from './directory.js'
import { shownBy } from './nginx.js'
import { addressOf } from './nodes.js'
import { params } from './params.js'

export { verifyEnrolment } from './verifyEnrolment.js'

/** Milliseconds for a server that is coming up. */
const patience = 30_000

/**
 * Checks that a node serves ACME: nginx is bound to its ports, and the directory is right over HTTP
 * and HTTPS, as clients see it from the controller. It leaves nothing, and takes the role's own
 * parameters.
 *
 * @example
 * await verifyAcme2certifierDjango(host)
 */
export const verifyAcme2certifierDjango = role({
  name: 'acme2certifier_django',
  params,
  returns: 'the checks, each with its result',
  async run(host): Promise<readonly Check[]> {
    const address = addressOf(host)
    const bound = await check(
      host,
      'nginx is bound to ports 80 and 443',
      async () => await isBound(host),
      { within: patience },
    )
    const plain = await check(
      host,
      '/directory is right over HTTP',
      async () => await directoryIsRight(address),
      { within: bound.result === 'failed' ? 0 : patience },
    )
    const secure = await check(
      host,
      '/directory is right over HTTPS',
      async () => await directoryIsRight(address, await shownBy(host)),
      { within: plain.result === 'failed' ? 0 : patience },
    )
    return [bound, plain, secure]
  },
})

async function isBound(host: Host): Promise<void> {
  const { stdout } = await host.$({ readOnly: true })`ss -Hltnp`
  const lines = stdout.split('\n').filter((line) => line.includes('"nginx"'))
  const bound = lines.map((line) => line.trim().split(/\s+/)[3] ?? '')
  const missing = [80, 443].filter((port) => !bound.some((one) => one.endsWith(`:${port}`)))
  if (missing.length === 0) return
  throw new HostwrightError(
    'CHECK_FAILED',
    `Cannot find nginx at port "${missing.join(', ')}": it is bound to ${bound.join(', ') || 'none'}`,
    { hint: 'see systemctl status nginx' },
  )
}
