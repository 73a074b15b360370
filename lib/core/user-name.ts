import { userInfo } from 'node:os'

/** The account's database is read each time it is asked, and it is asked for each host. */
let known: string | undefined

/** Who runs this process; by number where the account has no entry, as in some containers. */
export function userName(): string {
  return (known ??= lookUp())
}

function lookUp(): string {
  try {
    return userInfo().username
  } catch {
    return process.env['USER'] ?? `uid ${process.getuid?.() ?? '?'}`
  }
}
