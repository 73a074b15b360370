import { words } from './probes/scripts.js'

/** Seconds to wait for another process that installs packages. */
const patience = 300

const start = `export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1
keep='--force-confdef --force-confold'
get() {
  apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=${patience} -o Dpkg::Options::=--force-confdef \\
    -o Dpkg::Options::=--force-confold "$@" </dev/null
}
# Not every command of apt and dpkg can wait for a lock itself.
patient() {
  tries=0
  until said=$("$@" 2>&1); do
    case $said in *'get lock'*|*'lock directory'*|*'lock the'*|*'frontend lock'*|*'locked by another process'*) ;; *) printf '%s\\n' "$said" >&2; return 1 ;; esac
    tries=$((tries + 1))
    [ $tries -lt ${patience / 5} ] || { printf '%s\\n' "$said" >&2; return 1; }
    sleep 5
  done
}
repair() {
  [ -n "$(dpkg --audit)" ] || [ -n "$(ls /var/lib/dpkg/updates 2>/dev/null)" ] || return 0
  echo 'an interrupted installation is completed first'
  patient dpkg $keep --configure -a || echo 'dpkg could not configure all packages; apt-get repairs them'
  # A package that was being unpacked cannot be configured, nor does --fix-broken care.
  torn=$(dpkg-query -W -f='\${db:Status-Eflag} \${binary:Package}\\n' | sed -n 's/^reinstreq //p')
  [ -z "$torn" ] || get --reinstall install -- $torn || return 1
  [ -z "$(dpkg --audit)" ] || get --fix-broken install
}`

/**
 * Installs or updates; lists are refreshed only where it may be needed.
 *
 * @param older whether a version may be older than what is installed, as dnf takes it anyway
 */
export function aptInstall(
  names: readonly string[],
  recommends?: boolean,
  { older = false } = {},
): string {
  const option = `${older ? '--allow-downgrades ' : ''}${recommends === undefined ? '' : `--${recommends ? '' : 'no-'}install-recommends `}`
  return `${start}
set -- ${words(names)}
repair || exit 1
have() { apt-get -q -s ${option}install -- "$@" >/dev/null 2>&1; }
fresh() { [ -n "$(find /var/lib/apt/lists /var/lib/apt/lists/partial -maxdepth 0 -mmin -60 2>/dev/null)" ]; }
if ! fresh || ! have "$@"; then
  patient apt-get -q -o APT::Update::Error-Mode=any update </dev/null || have "$@" || exit 1
fi
get ${option}install -- "$@" || {
  status=$?
  # Which packages lack what, apt tells on standard output.
  apt-get -q -s ${option}install -- "$@" 2>/dev/null </dev/null | sed -n '/unmet dependencies:$/,$p' >&2
  exit $status
}`
}

/** Updates all that is installed, whatever has to come or go with it. */
export function aptUpdate(recommends: boolean | undefined): string {
  const option = recommends === undefined ? '' : ` --${recommends ? '' : 'no-'}install-recommends`
  return `${start}
repair || exit 1
patient apt-get -q -o APT::Update::Error-Mode=any update </dev/null || exit 1
get${option} dist-upgrade`
}

export function aptRemove(names: readonly string[]): string {
  return `${start}
repair || exit 1
get remove -- ${words(names)}`
}
