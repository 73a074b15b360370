import { libFolder } from './due.js'

/** Ends the process that serves the connection of this session's own, if that still is the holder. */
export const endHolderScript = `
{ IFS=' ' read -r hw_pid hw_start; IFS= read -r hw_who; } <"$hw_run/lock"
hw_birth "$hw_pid"
[ "$hw_who" != "$hw_holder" ] || [ -z "$hw_start" ] || [ "$hw_born" != "$hw_start" ] || kill -s KILL "$hw_pid"`

/**
 * The lock is a descriptor of the long-lived shell: it ends with it, and with the last command that
 * it started. Its file names the holder. Whether that still lives is seen by the process that serves
 * its connection, told apart from a later one of the same number by its start time, proc(5). A lock without a
 * holder is kept by a daemon that some finished command has left behind, and is given up: its file is
 * removed. A run that has just ended did not wait for its shells to end: theirs is waited for here.
 *
 * Who gives up says so beforehand, and looks for a holder afterwards; who takes the lock names itself
 * beforehand, and looks for who gives up afterwards. So one of the two always sees the other, and only
 * then they need a second lock, on the folder.
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
hw_alone() { command exec 8<"$hw_run" && flock -w 10 8; }
hw_failed=1
{ [ -d "$hw_run" ] || mkdir -p -m 0700 -- "$hw_run"; } && [ -O "$hw_run" ] && command exec 9<>"$hw_run/lock" && {
  export hw_lib
  if flock -w 2 9; then
    hw_birth "$HW_SESSION"
    printf '%s\\n' "$HW_SESSION $hw_born" "$hw_holder" >|/proc/self/fd/9 &&
    { [ ! -e "$hw_run/giving-up" ] || { hw_alone && rm -f -- "$hw_run/giving-up"; }; } &&
    if hw_same; then
      trap ': >|/proc/self/fd/9' EXIT
      echo locked; hw_failed=
      [ ! -d "$hw_lib/due" ] || ls -1 -- "$hw_lib/due"
    else echo free; fi
  elif [ -s "$hw_run/lock" ]; then
    { IFS=' ' read -r hw_pid hw_start; IFS= read -r hw_who; } <"$hw_run/lock"
    hw_birth "$hw_pid"
    if [ -z "$hw_pid" ]; then echo free
    elif [ "$hw_born" = "$hw_start" ]; then echo held
    else echo orphaned; fi
    printf '%s\\n' "$hw_who"
  elif sleep 1; hw_alone && command : >"$hw_run/giving-up"; then
    [ -s "$hw_run/lock" ] || ! hw_same || rm -f -- "$hw_run/lock"
    rm -f -- "$hw_run/giving-up"
    echo free
  fi
  exec 8<&-
  [ -z "$hw_failed" ] || exec 9>&-
}`
