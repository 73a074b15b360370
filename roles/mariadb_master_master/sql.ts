import type { Host } from '../../lib/index.js'

type Row = Readonly<Record<string, string>>

/** Asks MariaDB on a host one question, as root; gives the rows by their columns' names. */
export async function ask(host: Host, question: string): Promise<readonly Row[]> {
  const { stdout } = await host.$({ readOnly: true, input: question })`
    client=$(command -v mariadb || command -v mysql) &&
      exec "$client" --batch --default-character-set=utf8mb4`
  const [names = [], ...rows] = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t').map(unescaped))
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at] ?? ''])))
}

/** Has MariaDB on a host do something, as root. */
export async function execute(host: Host, statement: string): Promise<void> {
  await host.$({ input: statement })`
    client=$(command -v mariadb || command -v mysql) && exec "$client" --batch`
}

/** @see mariadb(1), --batch */
function unescaped(value: string): string {
  return value.replaceAll(
    /\\([nt0\\])/g,
    (_, kind: string) => ({ n: '\n', t: '\t', '0': '\0' })[kind] ?? kind,
  )
}
