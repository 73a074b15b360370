import { HostwrightError } from '../core/errors.js'
import { callerPlace } from '../core/place.js'
import type { Check } from './check.js'

/**
 * Ends a host's play where a check does not hold: for what must not be done then.
 *
 * @throws HostwrightError CHECK_FAILED
 * @example
 * const quorum = await check(host, 'the cluster has a quorum', async () => {
 *   await host.$({ readOnly: true })`crm_node --quorum`
 * })
 * requireChecks([quorum])
 * await host.ensure(service({ name: 'mariadb', state: 'restarted' }))
 */
export function requireChecks(checks: readonly Check[]): void {
  const failed = checks.filter(({ result }) => result === 'failed')
  if (failed.length === 0) return
  const names = failed.map(({ check, host }) => `${host}: ${check}`).join(', ')
  throw new HostwrightError('CHECK_FAILED', `Cannot go on without "${names}": it does not hold`, {
    place: callerPlace(),
    hint: 'see above what came back',
  })
}
