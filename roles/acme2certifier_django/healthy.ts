import { resourceType, type Plan } from '../../lib/index.js'
import { shell } from '../../lib/resources/probes/shell.js'
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
    const { stdout, exitCode } = ask(look(wish))
    if (exitCode === 0 && stdout === '') return { changes: [], steps: [] }
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
      effects: { stale: ({ kind }) => kind.name === 'shell' },
    }
  },
})

const look = ({ name }: HealthyOptions) => shell(python('health.py', [name, '0']))
