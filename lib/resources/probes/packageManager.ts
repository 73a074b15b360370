/** Tells apt from dnf by the distribution, because either may be installed beside the other. */
export const findManager = `manager=none
ID= ID_LIKE=
[ ! -r /etc/os-release ] || . /etc/os-release
case " $ID $ID_LIKE " in
*' debian '*|*' ubuntu '*) ! command -v apt-get >/dev/null || manager=apt ;;
*' rhel '*|*' fedora '*|*' centos '*) ! command -v dnf >/dev/null || manager=dnf ;;
esac`

/**
 * Runs a part of a script with commands that look at repositories without a trace on the host:
 * `read_dnf ARGUMENT…`, and apt's programs with the options in `$apt`. The package lists of apt count
 * where they are younger than an hour and than its sources; dnf judges its own. Others are fetched
 * into a temporary folder. What fails is told in a line `error TEXT`.
 */
export function withoutTrace(script: string): string {
  return `(
tmp=$(mktemp -d) || exit
trap 'rm -rf -- "$tmp"' EXIT
export LC_ALL=C
failed() { printf 'error\\t%s\\n' "$(tail -n 3 "$tmp/said" | tr '\\n\\t' '  ')"; exit 0; }
read_dnf() {
  [ -e "$tmp/cache" ] || cp -a --reflink=auto /var/cache/dnf "$tmp/cache" 2>/dev/null || rm -rf "$tmp/cache"
  [ -e "$tmp/state" ] || cp -a /var/lib/dnf "$tmp/state" 2>/dev/null || mkdir -p "$tmp/state"
  dnf --setopt=cachedir="$tmp/cache" --setopt=persistdir="$tmp/state" --setopt=logdir="$tmp" "$@" 2>"$tmp/said" </dev/null
}
fresh_lists() {
  apt=
  [ -n "$(find /var/lib/apt/lists /var/lib/apt/lists/partial -maxdepth 0 -mmin -60 2>/dev/null)" ] &&
    [ -z "$(find /etc/apt/sources.list /etc/apt/sources.list.d -newer /var/lib/apt/lists 2>/dev/null)" ] && return
  mkdir -p "$tmp/lists/partial" "$tmp/archives/partial"
  apt="-o Dir::State::Lists=$tmp/lists -o Dir::Cache=$tmp -o APT::Sandbox::User=root"
  apt-get -q -o APT::Update::Error-Mode=any $apt update >"$tmp/said" 2>&1 </dev/null
}
${script}
)`
}
