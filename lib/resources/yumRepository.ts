import { resourceType } from './define.js'
import { fileType } from './file.js'
import { checkLine, checkWord, refuse } from './parameters.js'
import type { CommonOptions, Resource } from './types.js'

export interface YumRepositoryOptions {
  /** Its id, in square brackets in the file, which is named after it. */
  readonly id: string
  /** For people. @default the id */
  readonly name?: string
  /** For example `https://rpm.example.com/el$releasever`. One of these three is needed. */
  readonly baseurl?: readonly string[]
  readonly metalink?: string
  readonly mirrorlist?: string
  /** @default true */
  readonly enabled?: boolean
  /** Whether packages must be signed by one of the keys. @default true */
  readonly gpgcheck?: boolean
  /** URLs of keys, `file:///etc/pki/rpm-gpg/…` too: dnf takes them in when it first needs them. */
  readonly gpgkey?: readonly string[]
  /** More options of dnf.conf(5), such as `{ module_hotfixes: true, priority: 10 }`. */
  readonly options?: Readonly<Record<string, string | number | boolean>>
  /** @default 'present' */
  readonly state?: 'present' | 'absent'
}

const describe = resourceType(fileType('yumRepository'))

/**
 * A repository of dnf, in a file of its own in /etc/yum.repos.d.
 *
 * @see dnf.conf(5), section "Repo Options"
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/yum_repository_module.html
 * @throws HostwrightError PARAMETER_INVALID
 * @example
 * yumRepository({
 *   id: 'example',
 *   baseurl: ['https://rpm.example.com/el$releasever/$basearch'],
 *   gpgkey: ['https://rpm.example.com/key.asc'],
 * })
 */
export function yumRepository(options: YumRepositoryOptions & CommonOptions): Resource {
  const { id, state, notify, tags, retries, delay } = options
  checkWord(state, 'state', ['present', 'absent'])
  if (!/^[A-Za-z0-9][\w.:-]*$/.test(id))
    refuse(`Cannot name repository "${id}": it is no id`, 'Use letters, digits and . : _ -')
  const common = { notify, tags, retries, delay } as CommonOptions
  const file = { ...common, path: `/etc/yum.repos.d/${id}.repo`, sensitive: false }
  if (state === 'absent') return describe({ ...file, state })
  const { baseurl = [], metalink, mirrorlist, enabled = true, gpgcheck = true } = options
  if (baseurl.length === 0 && metalink === undefined && mirrorlist === undefined)
    refuse(
      `Cannot use repository "${id}": it has no baseurl, metalink or mirrorlist`,
      'Give one of them',
    )
  const entries = {
    name: options.name ?? id,
    baseurl: baseurl.length > 0 ? baseurl : undefined,
    metalink,
    mirrorlist,
    enabled,
    gpgcheck,
    gpgkey: options.gpgkey,
  }
  const more = options.options ?? {}
  const double = Object.keys(more).find((key) => key in entries)
  if (double !== undefined)
    refuse(
      `Cannot use option "${double}" of repository "${id}": it is a property`,
      `Give ${double}: …`,
    )
  const lines = Object.entries({ ...entries, ...more }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${optionName(key)}=${optionValue(key, value)}`],
  )
  const bytes = Buffer.from(`[${id}]\n${lines.join('\n')}\n`)
  return describe({ ...file, state: 'present', mode: '0644', bytes })
}

function optionName(key: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(key))
    refuse(`Cannot use option "${key}": it is no name`, 'See dnf.conf(5)')
  return key
}

function optionValue(key: string, value: string | number | boolean | readonly string[]): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  return [value]
    .flat()
    .map((one) => checkLine(String(one), key))
    .join(' ')
}
