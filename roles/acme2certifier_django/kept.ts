import { quote, resourceType, secret, type Secret } from '../../lib/index.js'
import { content, shell, type ShellAnswer, Unknown } from '../../lib/internal.js'
import type { Kept, Migrations } from './facts.js'

export interface KeptOptions {
  /** Where the program is. */
  readonly home: string
}

/**
 * Reads what a node has kept, and changes nothing. What check mode can't know, since something would
 * be installed first, is not there yet.
 */
export const kept = resourceType<KeptOptions, Kept>({
  name: 'kept',
  title: ({ home }) => `secret key and migrations in ${home}`,
  reads: ({ home }) => [content(settingsPath(home)), shell(listing(home))],
  plan({ home }, ask) {
    const settings = ask.maybe(content(settingsPath(home)))
    const files = ask.maybe(shell(listing(home)))
    return {
      changes: [],
      steps: [],
      output: {
        home,
        secretKey: settings instanceof Unknown ? null : readSecretKey(String(settings ?? '')),
        migrations: files instanceof Unknown ? {} : readMigrations(files),
      },
    }
  },
})

/** Reads the migration files once they are made. */
export const migrationFiles = resourceType<KeptOptions, Migrations>({
  name: 'migrationFiles',
  title: ({ home }) => migrationsPath(home),
  reads: ({ home }) => [shell(listing(home))],
  plan({ home }, ask) {
    ask(shell(listing(home)))
    return { changes: [], steps: [] }
  },
  output: ({ home }, ask) => readMigrations(ask(shell(listing(home)))),
})

export function settingsPath(home: string): string {
  return `${home}/acme2certifier/settings.py`
}

export function migrationsPath(home: string): string {
  return `${home}/acme_srv/migrations`
}

/** Where the key is a name, as in the package's own file, nobody has set it yet. */
function readSecretKey(settings: string): Secret | null {
  const found = /^SECRET_KEY\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*$/m.exec(settings)
  const text = (found?.[1] ?? found?.[2] ?? '').replace(/\\(["'\\])/g, '$1')
  return text === '' ? null : secret(text)
}

function readMigrations({ stdout }: ShellAnswer): Migrations {
  const parts = stdout.split('\0')
  const files: [string, string][] = []
  for (let at = 0; at + 1 < parts.length; at += 2)
    files.push([parts[at] ?? '', parts[at + 1] ?? ''])
  return Object.fromEntries(files)
}

/** Names and contents, each with a NUL after it. */
function listing(home: string): string {
  return `cd -- ${quote(migrationsPath(home))} 2>/dev/null || exit 0
for file in [0-9]*.py; do
  [ ! -f "$file" ] || { printf '%s\\0' "$file" && cat -- "$file" && printf '\\0'; }
done`
}
