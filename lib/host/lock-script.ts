import { libFolder } from './due.js'

/** Ends the process that serves the connection of this session's own, if that still is the holder. */
export const endHolderScript = `
{ IFS=' ' read -r hw_pid hw_start; IFS= read -r hw_who; } <"$hw_run/holder"
hw_birth "$hw_pid"
[ "$hw_who" != "$hw_holder" ] || [ -z "$hw_start" ] || [ "$hw_born" != "$hw_start" ] || kill -s KILL "$hw_pid"`

/**
 * The lock is a descriptor of the long-lived shell: it ends with it, and with the last command that
 * it started. Whether its holder still lives is seen by the process that serves the holder's
 * connection, told apart from a later one of the same number by its start time, proc(5). A lock without a
 * holder is kept by a daemon that some finished command has left behind, and is given up. A run that has
 * just ended did not wait for its shells to end: theirs is waited for here. What was given up meanwhile is
 * no longer the file of that name. A lock on the folder keeps one run from giving up what another is
 * about to take: in it the file is compared, and its holder written or found missing.
 */
export const lockScript = `${libFolder}
if [ "$hw_uid" = 0 ]; then hw_run=/run/hostwright
else hw_run=\${XDG_RUNTIME_DIR:-/tmp}/hostwright-$hw_uid; fi
hw_birth() {
  hw_born=
  IFS= read -r hw_stat <"/proc/$1/stat" && IFS=' ' && set -- \${hw_stat##*) } && hw_born=\${20}
  unset IFS
} 2>/dev/null
hw_same() { [ /proc/self/fd/9 -ef "$hw_run/lock" ]; }
hw_failed=1
{ [ -d "$hw_run" ] || mkdir -p -m 0700 -- "$hw_run"; } && [ -O "$hw_run" ] && command exec 8<"$hw_run" 9<>"$hw_run/lock" && {
  export hw_lib
  hw_got=
  if flock -w 2 9; then hw_got=1
  elif [ ! -s "$hw_run/holder" ]; then sleep 1; fi
  flock -w 10 8 && if [ -n "$hw_got" ] && hw_same; then
    hw_birth "$HW_SESSION"
    printf '%s\\n' "$HW_SESSION $hw_born" "$hw_holder" >|"$hw_run/holder"
    trap ': >|"$hw_run/holder"' EXIT
    echo locked; hw_failed=
    [ ! -d "$hw_lib/due" ] || ls -1 -- "$hw_lib/due"
  elif [ ! -s "$hw_run/holder" ]; then
    ! hw_same || rm -f -- "$hw_run/lock"
    echo free
  else
    { IFS=' ' read -r hw_pid hw_start; IFS= read -r hw_who; } <"$hw_run/holder"
    hw_birth "$hw_pid"
    if [ "$hw_born" = "$hw_start" ]; then echo held; else echo orphaned; fi
    printf '%s\\n' "$hw_who"
  fi
  exec 8<&-
  [ -z "$hw_failed" ] || exec 9>&-
}`
