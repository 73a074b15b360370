import { fact, type Secret } from '../../lib/index.js'

/** Django's migration files of this application: name to content. */
export type Migrations = Readonly<Record<string, string>>

/** What a node has kept of what was made once for all nodes. */
export interface Kept {
  /** Where the program is there. */
  readonly home: string
  readonly secretKey: Secret | null
  readonly migrations: Migrations
}

export const acmeKept = fact<Kept>('acme2certifier_django.kept')

/** Django's SECRET_KEY, the same on all nodes. */
export const acmeSecretKey = fact<Secret>('acme2certifier_django.secret_key')

/** The migration files by which the tables were made; told once they are made. */
export const acmeMigrations = fact<Migrations>('acme2certifier_django.migrations')
