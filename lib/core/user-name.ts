import { userInfo } from 'node:os'

/** Who runs this process; by number where the account has no entry, as in some containers. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return process.env['USER'] ?? `uid ${process.getuid?.() ?? '?'}`
  }
}
