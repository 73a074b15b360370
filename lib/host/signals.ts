import { inspect } from 'node:util'

/**
 * Thrown where check mode would need a value that can't be known because an earlier change has not
 * been made. Not an error: the role or play that it ends is reported as *unknown*.
 */
export class UnknownSignal extends Error {
  constructor(readonly reason: string) {
    super(`Not known in check mode: ${reason}`)
  }
}

/** Stands for a value that is not known: any use of it throws {@link UnknownSignal}. */
export function unknownValue(reason: string): never {
  const use = (): never => {
    throw new UnknownSignal(reason)
  }
  return new Proxy(Object.create(null) as object, {
    get: (_, key) => {
      // Awaiting or printing it is not using it.
      if (key === 'then') return undefined
      if (key === inspect.custom) return () => `unknown (${reason})`
      if (key === unknownReason) return reason
      return use()
    },
    has: (_, key) => key === unknownReason || use(),
    ownKeys: use,
  }) as never
}

const unknownReason = Symbol('unknownReason')

/** The reason of a value made by {@link unknownValue}; undefined for any other. */
export function reasonUnknown(value: unknown): string | undefined {
  if (value === null || typeof value !== 'object') return undefined
  return unknownReason in value ? (value as Record<symbol, string>)[unknownReason] : undefined
}
