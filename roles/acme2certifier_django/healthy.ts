import { resourceType, type Plan, probeKind } from '../../lib/index.js'
import { python } from './python.js'

export interface HealthyOptions {
  /** Under which name the server is asked. */
  readonly name: string
}

/** Seconds for the program to come up. */
const patience = 60
const unhealthy = 1

/**
 * The server on the host answers over HTTP and HTTPS, and says itself that its database does. It
 * changes nothing; it waits for a program that is coming up.
 */
export const healthy = resourceType<HealthyOptions>({
  name: 'healthy',
  title: ({ name }) => `${name} /directory`,
  reads: (wish) => [look(wish)],
  plan(wish, ask): Plan {
    if (ask(look(wish)) === '') return { changes: [], steps: [] }
    return {
      changes: [],
      steps: [
        {
          script: python('health.py', [wish.name, String(patience)]),
          errors: {
            [unhealthy]: {
              code: 'TASK_FAILED',
              message: `Cannot reach acme2certifier on "${wish.name}": after ${patience} s its directory is not as it has to be`,
              hint: 'see journalctl -u acme2certifier, and whether MariaDB runs',
            },
          },
        },
      ],
      effects: { stale: ({ id }) => id === look(wish).id },
    }
  },
})

/** What is wrong with the server now; empty where nothing is. */
const look = probeKind<HealthyOptions, string>({
  name: 'acme2certifier-health',
  id: ({ name }) => name,
  onDemand: () => true,
  script: (keys) =>
    keys
      .map(({ name }) => `{ ${python('health.py', [name, '0'])}\n} || echo failed; printf '\\0'`)
      .join('\n'),
  parse: (stdout, keys) => stdout.toString().split('\0').slice(0, keys.length),
})
