#!/bin/sh
# Holds a slow disk for as long as its standard input is open: ext4 on a loop device, on an image
# that SERVER (slow-image.mjs) serves with a delay per request. Linux, root, /dev/fuse.
#   slow-disk.sh NODE SERVER IMAGE-DIR READ-MS WRITE-MS FLUSH-MS
# Prints `ready DIRECTORY`, or `unavailable REASON`. Each line `remount` on standard input empties
# the file system's caches and is answered by `remounted`. Whoever started this may be killed at any
# moment, also with SIGKILL: then standard input ends, and everything is put back from here.
set -u
node=$1 server_script=$2 image_dir=$3
shift 3
work= device= mounted= server=

# The signal of a terminal goes to the whole group; the clean-up has to outlive it.
trap '' INT HUP TERM

unmount() {
  # Those who still have files open there are on their way out.
  tries=0
  until umount "$1" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -ge 50 ] && umount -l "$1" && break
    sleep 0.1
  done
}

put_back() {
  [ -n "$mounted" ] && unmount "$work/disk"
  [ -n "$device" ] && losetup -d "$device"
  # Killed first: a mount whose server is gone lets go at once, one whose server hangs never does.
  [ -n "$server" ] && { kill -9 "$server" && wait "$server"; } 2>/dev/null
  grep -q " $work/served " /proc/mounts && unmount "$work/served"
  [ -n "$work" ] && rm -rf "$work"
}
trap put_back EXIT

give_up() {
  echo "unavailable $1"
  exit 1
}

[ "$(id -u)" = 0 ] || give_up "needs root"
[ -w /dev/fuse ] || give_up "no /dev/fuse"
work=$(mktemp -d "$image_dir/holdfast-slow-disk-XXXXXX") || give_up "no folder for the image"
mkdir "$work/disk" "$work/served"
truncate -s 256M "$work/backing" || give_up "no room for the image"
# Before it is slow, and completely: a table that is laid out later would be in the way.
mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$work/backing" || give_up "no mkfs.ext4"

"$node" "$server_script" "$work/served" "$work/backing" "$@" </dev/null >&2 &
server=$!
tries=0
until [ -e "$work/served/image" ]; do
  tries=$((tries + 1))
  [ $tries -ge 50 ] && give_up "FUSE does not answer"
  sleep 0.1
done
device=$(losetup --find --show "$work/served/image") || give_up "no loop device"
mount -o noatime "$device" "$work/disk" || give_up "mount failed"
mounted=yes

echo "ready $work/disk"
while read -r order; do
  [ "$order" = remount ] || continue
  umount "$work/disk" && mount -o noatime "$device" "$work/disk" || exit 1
  echo "remounted"
done
