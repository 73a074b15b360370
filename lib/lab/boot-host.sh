# Boots a lab host and boots it again when it reboots. It runs in a mount namespace of its own, so
# that the mounts and nspawn's lock files are gone as soon as the host is, whatever ends it.
# usage: boot-host.sh LOWER UPPER WORK MACHINE HOSTNAME BRIDGE CGROUP...
set -eu
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir /run/root
mount -t overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" overlay /run/root
machine=$4 hostname=$5 bridge=$6
shift 6
status=0
while :; do
  (
    for group; do echo 0 >"$group/cgroup.procs"; done
    exec systemd-nspawn --quiet --settings=no --register=no --keep-unit --boot \
      --directory=/run/root --machine="$machine" --hostname="$hostname" \
      --network-bridge="$bridge" --resolv-conf=off --timezone=off --link-journal=no --console=pipe
  ) || status=$?
  # What nspawn ends with when the host wants to reboot.
  [ "$status" = 133 ] || exit "$status"
  status=0
done
