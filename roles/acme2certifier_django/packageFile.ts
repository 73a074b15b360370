import { HostwrightError, quote, resourceType, type Plan } from '../../lib/index.js'
import { aptInstall, dnfInstall, isAbsent, pathOf, shell, Unknown } from '../../lib/internal.js'
import type { Family } from './families.js'

export interface PackageFileOptions {
  readonly path: string
  readonly family: Family
}

/**
 * A package of which there is the file, in the file's version. Its changed configuration files stay
 * as they are.
 */
export const packageFile = resourceType<PackageFileOptions>({
  name: 'packageFile',
  title: ({ path }) => path,
  reads: (wish) => [versions(wish)],
  plan(wish, ask): Plan {
    const answer = ask.maybe(versions(wish))
    if (answer instanceof Unknown)
      return install(wish, { name: 'package', from: 'unknown', to: wish.path }, answer.reason)
    const [name = '', version = '', installed = ''] = answer.stdout.split('\t')
    if (name === '' || version === '')
      throw new HostwrightError(
        'TASK_FAILED',
        `Cannot install "${wish.path}": it is not a package of format ${wish.family.format}`,
        { hint: 'remove the file, and see where it comes from' },
      )
    return installed === version
      ? { changes: [], steps: [] }
      : install(wish, { name, from: installed || 'absent', to: version })
  },
})

/** Name and version of the file, and the version of that name that is installed. */
function versions({ path, family }: PackageFileOptions) {
  return shell(
    family.format === 'deb'
      ? `name=$(dpkg-deb -f ${quote(path)} Package) || exit
version=$(dpkg-deb -f ${quote(path)} Version)
have=$(dpkg-query -W -f '\${db:Status-Abbrev}\\t\${Version}' "$name" 2>/dev/null)
case $have in 'ii '*) have=\${have#*	} ;; *) have= ;; esac
printf '%s\\t%s\\t%s' "$name" "$version" "$have"`
      : `name=$(rpm -qp --qf '%{NAME}' ${quote(path)} 2>/dev/null) || exit
version=$(rpm -qp --qf '%{EVR}' ${quote(path)} 2>/dev/null)
have=$(rpm -q --qf '%{EVR}' "$name" 2>/dev/null) || have=
printf '%s\\t%s\\t%s' "$name" "$version" "$have"`,
  )
}

function install(
  { path, family }: PackageFileOptions,
  { name, from, to }: { readonly name: string; readonly from: string; readonly to: string },
  unknown?: string,
): Plan {
  const script = (family.format === 'deb' ? aptInstall : dnfInstall)([path], undefined)
  return {
    changes: [{ property: name, from, to }],
    steps: [{ script: keepingOwners(`${family.home}/volume`, family.user, script) }],
    effects: {
      stale: () => true,
      unknown: {
        when: (query, answer) =>
          query.kind.name === 'shell' ||
          (pathOf(query)?.startsWith(`${family.home}/`) === true && isAbsent(query, answer)),
        reason: `package ${path} would be installed first`,
      },
    },
    ...(unknown !== undefined && { unknown }),
  }
}

/**
 * The Debian package gives all that is in its folder to its user, whenever it is configured. What
 * others own in the volume stays theirs.
 */
function keepingOwners(volume: string, user: string, script: string): string {
  const folder = quote(volume)
  return `owners=$(mktemp) || exit
trap 'rm -f -- "$owners"' EXIT
[ ! -d ${folder} ] || find ${folder} ! -user ${quote(user)} -printf '%U:%G\\t%p\\0' >"$owners" 2>/dev/null
( ${script}
) || exit
while IFS='	' read -r owner path; do
  [ ! -e "$path" ] || chown -h -- "$owner" "$path" || exit
done <<END
$(tr '\\0' '\\n' <"$owners")
END`
}
