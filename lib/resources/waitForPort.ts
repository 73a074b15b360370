import { HostwrightError } from '../core/errors.js'
import { resourceType } from './define.js'
import { checkWord, refuse } from './parameters.js'
import { tcp, tcpTest } from './probes/tcp.js'
import type { CommonOptions, Resource } from './types.js'

export interface WaitForPortOptions {
  /** 1 to 65535. */
  readonly port: number
  /** Connects to that host, as seen from this one. @default the host itself, whatever the address */
  readonly host?: string
  /** Milliseconds. @default 300_000 */
  readonly timeout?: number
  /** @default 'open' */
  readonly state?: 'open' | 'closed'
}

/** Milliseconds between two looks. */
const interval = 500
const tooLong = 82

const describe = resourceType<WaitForPortOptions>({
  name: 'waitForPort',
  title: ({ host, port }) => (host === undefined ? String(port) : `${host}:${port}`),
  reads: (wish) => [tcp(keyOf(wish))],
  plan(wish, ask) {
    const { state = 'open', timeout = 300_000 } = wish
    const key = keyOf(wish)
    const now = ask(tcp(key))
    if (now === 'unsupported')
      throw new HostwrightError(
        'UNSUPPORTED',
        `Cannot try port "${wish.host}:${wish.port}": there is no bash`,
        {
          hint: 'Install bash on the host, or wait on the other host for its own port',
        },
      )
    if (now === state) return { changes: [], steps: [] }
    // A try on another host may take two seconds itself.
    const looks = Math.ceil(timeout / (wish.host === undefined ? interval : interval + 2_000))
    const test = tcpTest(key)
    return {
      changes: [],
      steps: [
        {
          script: `left=${Math.max(looks, 1)}
until ${state === 'open' ? test : `! { ${test}; }`}; do
  left=$((left - 1))
  [ $left -gt 0 ] || exit ${tooLong}
  sleep ${interval / 1_000}
done`,
          errors: {
            [tooLong]: {
              code: 'TASK_FAILED',
              message: `Cannot wait for port "${wish.port}": it is not ${state} after ${timeout / 1_000} s`,
              hint: 'See whether its service runs, or give a longer timeout',
            },
          },
        },
      ],
      effects: { becomes: [[tcp(key), state]] },
    }
  },
})

/**
 * Waits until a TCP port is open or closed. It changes nothing. For a port of the host itself the
 * kernel's table is read, so the service sees no connection.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/wait_for_module.html
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED when the time is over,
 *   UNSUPPORTED where another host's port is to be tried without bash
 * @example
 * waitForPort({ port: 3306, timeout: 30_000 })
 */
export function waitForPort(options: WaitForPortOptions & CommonOptions): Resource {
  const { port, host, timeout, state } = options
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    refuse(`Cannot wait for port "${port}": it is not from 1 to 65535`, 'Give a number')
  if (host !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.:%-]*$/.test(host))
    refuse(`Cannot wait for host "${host}": it is not a name or address`, 'Give a name or address')
  if (timeout !== undefined && !(timeout > 0))
    refuse(`Cannot use timeout "${timeout}": it is not above 0`, 'Give milliseconds')
  checkWord(state, 'state', ['open', 'closed'])
  return describe(options)
}

function keyOf({ port, host }: WaitForPortOptions) {
  return { port, ...(host !== undefined && { host }) }
}
