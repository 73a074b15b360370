import { inspect } from 'node:util'

const shown = '***'
/** Texts that must never be shown, longest first so that no part of a longer one stays behind. */
let hidden: string[] = []
const known = new Set<string>()
/** Shorter texts stand in ordinary words too often to be taken out of every output. */
const shortest = 4

/**
 * A value that never shows: it prints as `***` wherever it is written, logged, inspected or put into
 * JSON, and its text is taken out of every output, diff, error and record in its plain, base64, URL,
 * JSON, shell and SQL forms.
 *
 * @example
 * const password = secret('correct horse')
 * String(password) // '***'
 * password.reveal() // 'correct horse'
 */
export class Secret<T = string> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
    if (typeof value === 'string') hide(value)
  }

  /** The value itself. Send it on standard input only, never in an argument list. */
  reveal(): T {
    return this.#value
  }

  toString(): string {
    return shown
  }

  toJSON(): string {
    return shown
  }

  [inspect.custom](): string {
    return shown
  }
}

/** Makes a {@link Secret}; one that is a secret already is returned as it is. */
export function secret<T>(value: T | Secret<T>): Secret<T> {
  return value instanceof Secret ? value : new Secret(value)
}

/** Takes every known secret out of a text. */
export function redact(text: string): string {
  for (const entry of hidden) if (text.includes(entry)) text = text.replaceAll(entry, shown)
  return text
}

/** Takes every known secret out of all strings of a value that is plain data. */
export function redactDeep<T>(value: T): T {
  if (typeof value === 'string') return redact(value) as T
  if (value instanceof Secret) return shown as T
  if (Array.isArray(value)) return value.map((item) => redactDeep(item as unknown)) as T
  if (
    value !== null &&
    typeof value === 'object' &&
    Object.getPrototypeOf(value) === Object.prototype
  )
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [redact(key), redactDeep(item as unknown)]),
    ) as T
  return value
}

function hide(value: string): void {
  const lines = value.includes('\n')
    ? value.split('\n').filter((line) => line.trim().length >= 16)
    : []
  for (const text of [value, ...lines]) for (const form of forms(text)) known.add(form)
  hidden = [...known].toSorted((a, b) => b.length - a.length)
}

/** The forms in which a secret is met in outputs. */
function forms(text: string): string[] {
  if (text.length < shortest) return []
  const bytes = Buffer.from(text)
  // In a base64 stream a text stands at one of three alignments; the outermost characters depend on
  // the neighbours and are left off.
  const base64 = [0, 1, 2].flatMap((shift) => {
    const padded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const from = shift === 0 ? 0 : shift + 1
    const core = padded.slice(from, bytes.length % 3 === (3 - shift) % 3 ? undefined : -1)
    return core.length >= 8 ? [core] : []
  })
  return [
    text,
    text.trim(),
    bytes.toString('base64'),
    ...base64,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    text.replaceAll("'", `'\\''`),
    text.replaceAll('\\', '\\\\').replaceAll("'", "\\'"),
    text.replaceAll("'", "''"),
  ].filter((form) => form.length >= shortest)
}
