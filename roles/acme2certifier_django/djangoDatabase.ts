import { HostwrightError, quote, resourceType, type Plan } from '../../lib/index.js'
import { shell, type Change, type ShellAnswer } from '../../lib/internal.js'
import { migrationsPath } from './kept.js'
import { python } from './python.js'

export interface DjangoDatabaseOptions {
  readonly home: string
  /** Who runs the program. */
  readonly user: string
  /** Whether this node makes what is missing; the others wait for it. */
  readonly make: boolean
}

/** What files/database.py prints. */
interface Found {
  /** Every model has its migration. */
  readonly models: boolean
  /** Every migration is applied. */
  readonly tables: boolean
  /** The states are there, by name and id. */
  readonly rows: boolean
  /** States that are there under other ids. */
  readonly foreign: readonly string[]
  /** The version that the tables were made for. */
  readonly version: string | null
  readonly wanted: string
  readonly problem?: string
}

/** Seconds that a node waits for the database. */
const patience = 120

/**
 * The application's tables and rows. On one node they are made: migrations, then the rows of the
 * fixture, then the program's own update, since that one takes the fixture's ids when it comes first.
 * On the others it is waited until they are there.
 */
export const djangoDatabase = resourceType<DjangoDatabaseOptions>({
  name: 'djangoDatabase',
  title: ({ home }) => home,
  reads: (wish) => [state(wish)],
  plan(wish, ask): Plan {
    const found = read(ask(state(wish)))
    if (!wish.make) return wait(wish, found)
    if (found.problem !== undefined)
      throw new HostwrightError(
        'TASK_FAILED',
        `Cannot look at the database of "${wish.home}": ${found.problem}`,
        { hint: 'see whether MariaDB runs, and whether the account may log in' },
      )
    if (found.foreign.length > 0)
      throw new HostwrightError(
        'TASK_FAILED',
        `Cannot load the states of "${wish.home}": "${found.foreign.join(', ')}" have other ids already`,
        { hint: 'the update was run before the fixture was loaded: start with an empty database' },
      )
    const changes = differences(found)
    if (changes.length === 0) return { changes, steps: [] }
    return { changes, steps: [{ script: make(wish, found) }], effects: { stale: isShell } }
  },
})

const state = ({ home, user }: DjangoDatabaseOptions) =>
  shell(python('database.py', [home, '0'], user))

function isShell({ kind }: { readonly kind: { readonly name: string } }): boolean {
  return kind.name === 'shell'
}

function read({ stdout, stderr }: ShellAnswer): Found {
  const text = stdout.trim().split('\n').at(-1) ?? ''
  const lacking = { models: false, tables: false, rows: false, foreign: [], version: null }
  if (!text.startsWith('{'))
    return { ...lacking, wanted: '', problem: stderr.trim().split('\n').at(-1) ?? 'no answer' }
  return { ...lacking, wanted: '', ...(JSON.parse(text) as Partial<Found>) }
}

function differences({ models, tables, rows, version, wanted }: Found): Change[] {
  return [
    ...(models ? [] : [{ property: 'migrations', from: 'not of all models', to: 'made' }]),
    ...(models && tables ? [] : [{ property: 'tables', from: 'not as migrated', to: 'migrated' }]),
    ...(rows ? [] : [{ property: 'states', from: 'absent', to: 'loaded' }]),
    ...(version === wanted ? [] : [{ property: 'version', from: version ?? 'absent', to: wanted }]),
  ]
}

function make({ home, user }: DjangoDatabaseOptions, { models, tables, rows }: Found): string {
  const manage = '/usr/bin/python3 -B manage.py'
  const lines = [
    ...(models ? [] : [`${manage} makemigrations --no-input`]),
    ...(models && tables ? [] : [`${manage} migrate --no-input`]),
    ...(rows ? [] : [`${manage} loaddata acme_srv/fixture/status.yaml`]),
    '/usr/bin/python3 -B tools/django_update.py',
  ]
  return `chown -R -- ${quote(`${user}:`)} ${quote(migrationsPath(home))} || exit
runuser -u ${quote(user)} -- sh -e <<'END'
cd -- ${quote(home)}
${lines.join('\n')}
END`
}

function wait({ home, user }: DjangoDatabaseOptions, found: Found): Plan {
  const whole = found.tables && found.rows && found.version === found.wanted
  if (whole && found.problem === undefined) return { changes: [], steps: [] }
  return {
    changes: [],
    steps: [{ script: python('database.py', [home, String(patience)], user) }],
    effects: { stale: isShell },
  }
}
