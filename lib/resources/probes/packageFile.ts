import { probeKind } from '../define.js'
import type { Query } from '../types.js'
import { findManager } from './packageManager.js'
import { isBroken } from './packages.js'
import { words } from './scripts.js'

/** The file of a package, and what is installed of that package. */
export interface PackageFileState {
  readonly manager: 'apt' | 'dnf' | null
  /** Null where it is not a package of the host's manager. */
  readonly name: string | null
  readonly version: string | null
  /** The version that is installed, of the file's architecture; null where there is none. */
  readonly installed: string | null
  /** An interrupted run has left it half installed or not configured. */
  readonly broken: boolean
}

/**
 * Which package a file on the host is, and which version of it is installed; null where no file is.
 *
 * @see dpkg-deb(1), dpkg-query(1), rpm(8)
 */
export const packageFile: (path: string) => Query<PackageFileState | null> = probeKind<
  string,
  PackageFileState | null
>({
  name: 'packageFile',
  id: (path) => path,
  script: (paths) => `${findManager}
printf '%s\\n' "$manager"
tab=$(printf '\\t')
for path in ${words(paths)}; do
  echo =
  [ -f "$path" ] || continue
  file= have=
  case $manager in
  apt) file=$(dpkg-deb -W --showformat='\${Package}\\t\${Version}\\t\${Architecture}' -- "$path" 2>/dev/null) ;;
  dnf) file=$(rpm -qp --nosignature --qf '%{NAME}\\t%{EVR}\\t%{ARCH}' -- "$path" 2>/dev/null) ;;
  esac || file=
  printf 'file\\t%s\\n' "$file"
  [ -n "$file" ] || continue
  name=\${file%%"$tab"*} architecture=\${file##*"$tab"}
  case $manager in
  apt) dpkg-query -W -f '\${db:Status-Abbrev}\\t\${Version}\\n' -- "$name:$architecture" 2>/dev/null ;;
  dnf) have=$(rpm -q --qf 'ii \\t%{EVR}\\n' -- "$name.$architecture") && printf '%s\\n' "$have" ;;
  esac
done || :`,
  parse(stdout, paths) {
    const [manager = '', ...parts] = stdout.toString().split(/^=\n/m)
    return paths.map((_path, at) => read(manager.trim(), parts[at] ?? ''))
  },
})

function read(manager: string, text: string): PackageFileState | null {
  const [file, ...have] = text.split('\n').map((line) => line.split('\t'))
  if (file?.[0] !== 'file') return null
  const [, name = '', version = ''] = file
  // Of a kernel there may be several.
  const there = have.filter(([status = '', own]) => own !== undefined && !'nc'.includes(status[1]!))
  const [status = '', installed = null] = there.find(([, own]) => own === version) ?? there[0] ?? []
  return {
    manager: manager === 'apt' || manager === 'dnf' ? manager : null,
    name: name || null,
    version: version || null,
    installed,
    broken: isBroken(status),
  }
}
