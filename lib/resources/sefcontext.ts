import { quote } from '../core/quote.js'
import type { Change } from '../report/events.js'
import { resourceType } from './define.js'
import { checkLine, checkPath, checkWord, refuse } from './parameters.js'
import { sefcontext as state } from './probes/sefcontext.js'
import { selinux } from './probes/selinux.js'
import { installed, isName, policyEffects, withSelinux } from './selinux/with-selinux.js'
import type { CommonOptions, Resource } from './types.js'

/** semanage's letters for the kinds of files, and its words. */
const kinds = {
  a: 'all files',
  f: 'regular file',
  d: 'directory',
  c: 'character device',
  b: 'block device',
  s: 'socket',
  l: 'symbolic link',
  p: 'named pipe',
} as const

export interface SefcontextOptions {
  /** A regular expression of whole paths, as in `/srv/www(/.*)?`. */
  readonly target: string
  /** As `semanage fcontext -l` lists it: `httpd_sys_content_t`. */
  readonly setype: string
  /** `a` all files, `f` regular files, `d` folders, … @default 'a' */
  readonly ftype?: 'a' | 'f' | 'd' | 'c' | 'b' | 's' | 'l' | 'p'
  /** A path under which files get the labels that they should have. @default none: new files do */
  readonly restore?: string
  /** `absent` takes away what was said on this host; what the policy says stays. @default 'present' */
  readonly state?: 'present' | 'absent'
}

const describe = resourceType<SefcontextOptions>({
  name: 'sefcontext',
  title: ({ target }) => target,
  reads: (wish) => [selinux(), query(wish)],
  plan: withSelinux((wish, ask) => {
    const { target, setype, ftype = 'a', restore } = wish
    const now = installed(ask(query(wish)), 'semanage', `file context "${target}"`)
    const current = now.local ?? now.policy
    const present = wish.state !== 'absent'
    const verb = present
      ? `${current === null ? '-a' : '-m'} -t ${quote(setype)} -f ${ftype}`
      : `-d -f ${ftype}`
    const local = present ? setype : null
    // Another type than the one that is to go is somebody else's.
    const ruled = present ? current !== setype : now.local === setype
    if (!ruled && now.mislabeled === 0) return { changes: [], steps: [] }
    const changes: Change[] = []
    const lines: string[] = []
    if (ruled) {
      const to = local ?? now.policy ?? 'none'
      changes.push({ property: 'setype', from: current ?? 'none', to })
      lines.push(`semanage fcontext ${verb} ${quote(target)} || exit`)
    }
    if (now.mislabeled > 0)
      changes.push({ property: 'labels', from: `${now.mislabeled} wrong`, to: 'right' })
    if (restore !== undefined)
      lines.push(`[ ! -e ${quote(restore)} ] || restorecon -R -- ${quote(restore)}`)
    const after = { ...now, local: ruled ? local : now.local, mislabeled: 0 }
    return {
      changes,
      steps: [{ script: lines.join('\n') }],
      effects: policyEffects([[query(wish), after]]),
    }
  }),
})

function query({ target, ftype = 'a', restore }: SefcontextOptions) {
  return state({ target, files: kinds[ftype], ...(restore !== undefined && { restore }) })
}

/**
 * The label that SELinux gives to files of some paths, and to those that are there already. Skipped
 * where SELinux is disabled. Built from the manual pages, not run where SELinux is enforcing.
 *
 * @see semanage-fcontext(8), restorecon(8)
 * @see https://docs.ansible.com/ansible/latest/collections/community/general/sefcontext_module.html
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED, also where semanage is not
 *   installed
 * @example
 * sefcontext({ target: '/srv/www(/.*)?', setype: 'httpd_sys_content_t', restore: '/srv/www' })
 */
export function sefcontext(options: SefcontextOptions & CommonOptions): Resource {
  const { target, setype, ftype, restore } = options
  if (!checkLine(target, 'target').startsWith('/') || /\s/.test(target))
    refuse(
      `Cannot label "${target}": it is not an expression of absolute paths without spaces`,
      `For example '/srv/www(/.*)?'`,
    )
  if (!isName(setype))
    refuse(
      `Cannot label "${target}": "${String(setype)}" is not a type`,
      `For example 'httpd_sys_content_t'`,
    )
  checkWord(ftype, 'ftype', Object.keys(kinds) as (keyof typeof kinds)[])
  checkWord(options.state, 'state', ['present', 'absent'])
  return describe({
    ...options,
    ...(restore !== undefined && { restore: checkPath(restore, 'path to restore') }),
  })
}
