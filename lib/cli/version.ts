import { createRequire } from 'node:module'

/** The version of this package. */
export function version(): string {
  // By its own name, because the compiled file lies one folder deeper.
  const { version: own } = createRequire(import.meta.url)('hostwright/package.json') as {
    readonly version: string
  }
  return own
}
