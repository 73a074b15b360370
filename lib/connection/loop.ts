import { quote } from '../core/quote.js'

/**
 * What a new shell prints when it is ready for the loop, with `gzip` where it has that; what stands
 * before it is a login's noise.
 */
export const readyLine = /hostwright-ready( gzip)?\n/

/**
 * The program of the long-lived shell: POSIX sh for dash and bash, with nothing but coreutils.
 *
 * Its standard input is a line with the mark, then for each message a header line
 * `<sequence> <bytes of the script> <bytes of input, none or persist> <seconds or 0>`, the script and
 * a newline, and the input and a newline where there is any. A `z` before a number of bytes says that
 * those are compressed. On both outputs the script's own output
 * stands between the lines `<mark>:<sequence>:begin` and `<mark>:<sequence>:end:<exit status>`.
 *
 * `read` takes single bytes and `head -c` no byte too many, so both can share the stream. The script is
 * run by `eval`, so it shows in no argument list. The newlines tell a whole script or input from one
 * that a lost connection cut off: half a script is not run, and who reads half an input never sees its
 * end but is killed.
 */
const loop = String.raw`
LC_ALL=C HW_SESSION=${'${1:-$PPID}'}
export LC_ALL HW_SESSION
case :$PATH: in *:/usr/sbin:*) ;; *) PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin ;; esac
set --
hw_run() {
  case $hw_limit in
  0) (eval "$hw_script") ;;
  *) { printf %s "$hw_script" | { hw_timed 3<&0; }; } 4<&0 ;;
  esac
}
hw_timed() {
  timeout -k 5 "$hw_limit" sh -c 'eval "$(cat <&3)" 3<&-' <&4 4<&- &
  hw_pid=$! hw_tries=0
  wait "$hw_pid"
  hw_status=$?
  case $hw_status in 124 | 137)
    while kill -s 0 -- "-$hw_pid" && [ "$hw_tries" -lt 50 ]; do
      hw_tries=$((hw_tries + 1))
      sleep 0.1
    done
    kill -s KILL -- "-$hw_pid"
    ;;
  esac 2>/dev/null
  return "$hw_status"
}
hw_feed() {
  hw_end=broken
  case $hw_input in
  z*) head -c "${'${hw_input#z}'}" | gzip -dc && hw_end= ;;
  *) head -c "$hw_input"; hw_end= ;;
  esac
  [ -n "$hw_end" ] || { IFS= read -r hw_end && return; }
  case $hw_limit in 0) kill -s KILL 0 ;; *) sleep "$hw_limit" && sleep 10 ;; esac
}
IFS= read -r hw_mark
while IFS=' ' read -r hw_number hw_size hw_input hw_limit; do
  case $hw_size in
  z*) hw_script=$(head -c "${'${hw_size#z}'}" | gzip -dc) || exit ;;
  *) hw_script=$(head -c "$hw_size") ;;
  esac
  IFS= read -r hw_end || exit
  printf '%s:%s:begin\n' "$hw_mark" "$hw_number"
  printf '%s:%s:begin\n' "$hw_mark" "$hw_number" >&2
  case $hw_input in
  none) hw_run </dev/null ;;
  persist) eval "$hw_script" </dev/null ;;
  *) hw_feed | { hw_run; hw_status=$?; cat >/dev/null; exit "$hw_status"; } ;;
  esac
  hw_status=$?
  set +efux
  printf '%s:%s:end:%s\n' "$hw_mark" "$hw_number" "$hw_status"
  printf '%s:%s:end:%s\n' "$hw_mark" "$hw_number" "$hw_status" >&2
done
exit
`

/** What starts a shell: a command line for the login shell, and what it reads once it is ready. */
export interface Start {
  readonly command: string
  readonly input: string
}

/**
 * Starts the loop, through sudo where that is given. The program comes on standard input, so that the
 * command line stays short and free of anything that a login shell other than sh might change.
 *
 * @param mark - what no output holds by chance; it stands before and after every script's output
 * @see sudo(8) for -H, -S and -p
 */
export function startLoop(
  mark: string,
  sudo?: { readonly user: string; readonly prompt: string },
): Start {
  const ready = 'hw=; command -v gzip >/dev/null && hw=" gzip"; echo "hostwright-ready$hw"'
  const boot = `${ready}; eval "$(head -c ${loop.length})"`
  const input = `${loop}${mark}\n`
  if (sudo === undefined) return { command: `exec sh -c ${quote(boot)} sh`, input }
  const become = 'exec sudo -H -S -p "$1" -u "$2" -- sh -c "$3" sh "$PPID"'
  const words = [become, 'sh', sudo.prompt, sudo.user, boot].map(quote)
  return { command: `exec sh -c ${words.join(' ')}`, input }
}
