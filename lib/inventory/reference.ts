import type { Path } from './yaml-places.js'

/** A value that is written as one reference, `{{ name }}` or `{{ name.key }}`, not yet followed. */
export class Reference {
  constructor(
    /** As it is written. */
    readonly text: string,
    /** The name of the variable, and keys within it. */
    readonly path: Path,
  ) {}
}

const pattern = /^\{\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\}\}$/
/** Names that are values of their own to Jinja. */
const literals = new Set(['true', 'True', 'false', 'False', 'none', 'None'])

/** What a text refers to, undefined where it is anything else than one reference. */
export function parseReference(text: string): Path | undefined {
  const path = pattern.exec(text)?.[1]?.split('.')
  return path === undefined || literals.has(path[0] ?? '') ? undefined : path
}
