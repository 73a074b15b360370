import { resourceType } from './define.js'
import { fileType } from './file.js'
import { checkLine, checkWord, refuse } from './parameters.js'
import type { CommonOptions, Resource } from './types.js'

export interface AptRepositoryOptions {
  /** Letters, digits and hyphens: the name of the file in /etc/apt/sources.list.d. */
  readonly name: string
  /** For example `https://deb.example.com/debian`. */
  readonly uris: readonly string[]
  /** Release names, `bookworm`, or paths that end in `/`. */
  readonly suites: readonly string[]
  /** @default ['main'], or none where the suites are paths */
  readonly components?: readonly string[]
  /** @default ['deb'] */
  readonly types?: readonly ('deb' | 'deb-src')[]
  /** @default the host's own */
  readonly architectures?: readonly string[]
  /**
   * The key that signs it: the armored text of an OpenPGP public key, or the absolute path of a
   * keyring on the host. @default apt's own keys, /etc/apt/trusted.gpg.d
   */
  readonly signedBy?: string
  /** @default 'present' */
  readonly state?: 'present' | 'absent'
}

const describe = resourceType(fileType('aptRepository'))

/**
 * A package source of apt, in deb822 style with its key inside, so that the key counts for this
 * source alone. `packages` fetches the lists of a new source when it does not find a name.
 *
 * @see sources.list(5), which takes keys inside a file from apt 2.3.10 on (Debian 12, Ubuntu 22.04)
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/deb822_repository_module.html
 * @throws HostwrightError PARAMETER_INVALID
 * @example
 * aptRepository({ name: 'example', uris: ['https://deb.example.com'], suites: ['bookworm'], signedBy: key })
 */
export function aptRepository(options: AptRepositoryOptions & CommonOptions): Resource {
  const { name, uris, suites, types = ['deb'], architectures = [], signedBy, state } = options
  const { notify, tags, retries, delay } = options
  checkWord(state, 'state', ['present', 'absent'])
  if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(name))
    refuse(`Cannot name repository "${name}": it is no name`, 'Use letters, digits and hyphens')
  const common = { notify, tags, retries, delay } as CommonOptions
  const file = { ...common, path: `/etc/apt/sources.list.d/${name}.sources`, sensitive: false }
  if (state === 'absent') return describe({ ...file, state })
  const isPath = suites.every((suite) => suite.endsWith('/'))
  const components = options.components ?? (isPath ? [] : ['main'])
  if (uris.length === 0 || suites.length === 0)
    refuse(`Cannot use repository "${name}": it has no URIs or no suites`, 'Give both')
  if (isPath !== (components.length === 0))
    refuse(
      `Cannot use repository "${name}": ${isPath ? 'suites that are paths have' : 'suites need'} ${isPath ? 'no components' : 'components'}`,
      isPath ? 'Leave components out' : `For example components: ['main']`,
    )
  const fields: readonly (readonly [string, readonly string[]])[] = [
    ['Types', types],
    ['URIs', uris],
    ['Suites', suites],
    ['Components', components],
    ['Architectures', architectures],
  ]
  const lines = fields.flatMap(([field, words]) =>
    words.length === 0
      ? []
      : [`${field}: ${words.map((word) => checkedWord(word, field)).join(' ')}`],
  )
  const bytes = Buffer.from(`${[...lines, ...signature(name, signedBy)].join('\n')}\n`)
  return describe({ ...file, state: 'present', mode: '0644', bytes })
}

function checkedWord(word: string, field: string): string {
  if (/\s/.test(checkLine(word, field)) || word === '')
    refuse(`Cannot use ${field} "${word}": it is not one word`, 'Give each as an entry of the list')
  return word
}

/** In deb822 the lines of a value are indented, and an empty one is a dot. */
function signature(name: string, signedBy: string | undefined): readonly string[] {
  if (signedBy === undefined) return []
  if (/^\/\S+$/.test(signedBy)) return [`Signed-By: ${signedBy}`]
  const key = signedBy.trim()
  if (
    !key.startsWith('-----BEGIN PGP PUBLIC KEY BLOCK-----') ||
    !key.endsWith('-----END PGP PUBLIC KEY BLOCK-----')
  )
    refuse(
      `Cannot use repository "${name}": signedBy is neither an armored public key nor a path`,
      'Give the text from -----BEGIN PGP PUBLIC KEY BLOCK----- on',
    )
  return ['Signed-By:', ...key.split(/\r?\n/).map((line) => ` ${line.trim() || '.'}`)]
}
