declare const factType: unique symbol

/** A named, typed value that one host publishes and others await. */
export interface Fact<T> {
  readonly name: string
  readonly [factType]?: T
}

/**
 * Names a fact and its type.
 *
 * @example
 * const masterStatus = fact<{ file: string; position: number }>('mariadb.master_status')
 */
export function fact<T>(name: string): Fact<T> {
  return Object.freeze({ name })
}
