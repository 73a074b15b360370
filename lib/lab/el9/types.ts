/** The repositories of EL9 that the lab has. */
export const repositories = ['baseos', 'appstream', 'extras', 'epel'] as const
export type Repository = (typeof repositories)[number]

export interface RpmFile {
  readonly content: string
  /** @default 0o644 */
  readonly mode?: number
}

export interface RpmFolder {
  /** Octal digits. @default '0755' */
  readonly mode?: string
  /** @default 'root' */
  readonly owner?: string
}

/**
 * A package of EL9 by its name there, with the files of Debian packages at the places where EL9 has
 * them. Paths are absolute.
 */
export interface Rpm {
  readonly name: string
  readonly repository: Repository
  /** The Debian packages whose files it holds; the first gives version and description. */
  readonly debs?: readonly string[]
  /** For a package without the files of others. @default '9' */
  readonly version?: string
  /** Of one line; needed where there are no `debs`. */
  readonly summary?: string
  /** Places to places, the first that fits counts; a file whose place becomes empty is left out. */
  readonly move?: readonly (readonly [from: RegExp, to: string])[]
  /** Words in Debian's files that name a place which EL9 has elsewhere. */
  readonly edit?: readonly (readonly [path: string, from: RegExp, to: string])[]
  readonly files?: Readonly<Record<string, RpmFile>>
  readonly links?: Readonly<Record<string, string>>
  /** Files that it owns and that are there without it. */
  readonly ghosts?: readonly string[]
  readonly folders?: Readonly<Record<string, RpmFolder>>
  /** Besides what the Debian packages depend on. */
  readonly requires?: readonly string[]
  /** What the Debian packages depend on and this one does without. */
  readonly without?: readonly string[]
  readonly provides?: readonly string[]
  readonly conflicts?: readonly string[]
  /** A system user and group that are made before it is installed, and the user's home. */
  readonly user?: readonly [name: string, home: string]
  /** Units which the presets decide about when it is installed; they stop when it is removed. */
  readonly units?: readonly string[]
  /** sh, at the end of each installation. */
  readonly post?: string
  /** The stream of a module that it belongs to: `mariadb:10.11`. */
  readonly module?: string
}
