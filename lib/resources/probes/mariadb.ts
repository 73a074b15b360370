import { quote } from '../../core/quote.js'
import { probeKind } from '../define.js'
import type { Effects, Query } from '../types.js'
import { clientLookup, sessionSetup } from '../mariadb/client.js'
import { parseResultSets, type Row } from '../mariadb/result-sets.js'

/** What the server on the host says to one question. */
export type MariadbAnswer =
  /** No server is installed. */
  | { readonly state: 'absent' }
  /** A server is installed and does not answer. */
  | { readonly state: 'stopped'; readonly message: string }
  /** It does not let the asking account in. */
  | { readonly state: 'refused'; readonly message: string }
  | { readonly state: 'running'; readonly rows: readonly Row[]; readonly error?: MariadbError }

export interface MariadbError {
  /** The server's number, for example 1141. */
  readonly code: number
  readonly message: string
}

/** A statement that only reads. Its rows are the answer. */
interface Question {
  readonly sql: string
  readonly volatile: boolean
  readonly waits?: true
}

/**
 * Asks MariaDB a question in SQL, as the account that owns the shell (root by unix_socket). All
 * questions of an `ensure` are asked by one client. Values come as text, NULL as null; a NUL byte
 * comes as a space, so binary values are asked for with HEX().
 *
 * @example
 * ask(mariadb('SELECT 1 AS one')) // { state: 'running', rows: [{ one: '1' }] }
 * @see mariadb(1)
 */
export const mariadb = (sql: string): Query<MariadbAnswer> => question({ sql, volatile: false })

/** The same for what every statement that writes may change: positions, lists, replication. */
export const mariadbVolatile = (sql: string): Query<MariadbAnswer> =>
  question({ sql, volatile: true })

/** The same for a statement that waits for something. */
export const mariadbWait = (sql: string): Query<MariadbAnswer> =>
  question({ sql, volatile: true, waits: true })

/** What steps on MariaDB make untrue: the answers to these questions and all volatile ones. */
export function staleMariadb(...queries: readonly Query[]): Effects {
  const ids = new Set(queries.map(({ id }) => id))
  return {
    stale: (query) =>
      query.kind.name === kindName && (ids.has(query.id) || (query.key as Question).volatile),
  }
}

/** What a restart of the server makes untrue: all that it has said. */
export function staleServer(query: Query): boolean {
  return query.kind.name.startsWith(kindName)
}

const kindName = 'mariadb'

const question = probeKind<Question, MariadbAnswer>({
  name: kindName,
  id: ({ sql }) => sql,
  onDemand: ({ waits }) => waits === true,
  script,
  parse,
})

/** Stands alone on a line before the client's errors: in its XML no value holds a bare `<`. */
const errorsMark = '<errors>'

function script(questions: readonly Question[]): string {
  // A question a line: so the line number of an error names the question.
  const lines = questions.map(
    ({ sql }, index) => `SELECT ${index} AS hostwright_question; ${oneLine(sql)};`,
  )
  const statements = [sessionSetup, ...lines, ''].join('\n')
  return `
${clientLookup} || client=
if [ -z "$client" ]; then echo absent; exit 0; fi
for server in mariadbd mysqld; do
  for folder in /usr/sbin /usr/libexec /usr/bin /usr/local/sbin; do [ -x "$folder/$server" ] && installed=yes; done
done
echo "\${installed:-absent}"
{ errors=$(printf %s ${quote(statements)} | "$client" --xml --force --connect-timeout=10 --default-character-set=utf8mb4 2>&1 >&3 3>&-); } 3>&1
printf '\\n%s\\n%s' '${errorsMark}' "$errors"
`
}

function oneLine(sql: string): string {
  return sql.replaceAll(/\s*\n\s*/g, ' ').trim()
}

function parse(stdout: Buffer, questions: readonly Question[]): readonly MariadbAnswer[] {
  const text = stdout.toString()
  const head = text.slice(0, text.indexOf('\n'))
  const mark = text.lastIndexOf(`\n${errorsMark}\n`)
  const errors = mark === -1 ? '' : text.slice(mark + errorsMark.length + 2)
  const down = noConnection(errors)
  if (down)
    return questions.map(() =>
      head === 'absent' && down.state === 'stopped' ? { state: 'absent' } : down,
    )
  if (head === 'absent' && mark === -1) return questions.map(() => ({ state: 'absent' }))
  if (mark === -1) throw new Error('the client ended before its time')

  const rows: Row[][] = questions.map(() => [])
  let current = 0
  for (const set of parseResultSets(text.slice(head.length, mark))) {
    const number = set[0]?.['hostwright_question']
    if (number === undefined) rows[current]?.push(...set)
    else current = Number(number)
  }
  const failed = failures(errors)
  return rows.map((of, index) => {
    const error = failed.get(index)
    return { state: 'running', rows: of, ...(error && { error }) }
  })
}

/** An error that names no line comes from connecting. */
function noConnection(errors: string): MariadbAnswer | undefined {
  const found = /^ERROR (\d+) \(\w+\): (.*)$/m.exec(errors)
  if (!found) return undefined
  const message = found[2] ?? ''
  return ['2002', '2003', '2006', '2013'].includes(found[1] ?? '')
    ? { state: 'stopped', message }
    : { state: 'refused', message: `${message} (error ${found[1]})` }
}

function failures(errors: string): Map<number, MariadbError> {
  const failed = new Map<number, MariadbError>()
  for (const [, code, line, message] of errors.matchAll(
    /^ERROR (\d+) \(\w+\) at line (\d+): (.*)$/gm,
  ))
    failed.set(Number(line) - 2, { code: Number(code), message: message ?? '' })
  return failed
}
