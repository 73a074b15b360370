import { quote, resourceType, type Effects, type Plan } from '../../lib/index.js'
import { isAbsent, packageFileType, pathOf } from '../../lib/internal.js'
import type { Family } from './families.js'

export interface PackageFileOptions {
  readonly path: string
  readonly family: Family
}

/** The program's package. What others own in its volume stays theirs. */
export const packageFile = resourceType<PackageFileOptions>({
  ...packageFileType,
  plan(wish, ask): Plan {
    const plan = packageFileType.plan(wish, ask)
    const { home, user } = wish.family
    return {
      ...plan,
      steps: plan.steps.map((step) => ({
        ...step,
        script: keepingOwners(`${home}/volume`, user, step.script),
      })),
      ...(plan.effects && { effects: { ...plan.effects, unknown: unknownIn(home, wish.path) } }),
    }
  },
})

/** The package brings nothing elsewhere. */
function unknownIn(home: string, path: string): Required<Effects>['unknown'] {
  return {
    when: (query, answer) =>
      query.kind.name === 'shell' ||
      (pathOf(query)?.startsWith(`${home}/`) === true && isAbsent(query, answer)),
    reason: `package ${path} would be installed first`,
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
