#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: enter.sh ROOT FOLDER[:FOLDER...] COMMAND [ARGUMENT...]
#
# Runs a command in a root directory, with folders of this machine at the same
# paths there. The mounts are in a name space of the command's own: they go
# away with it, however it ends. The command keeps the process id, so signals
# reach it.
set -eu

if [ "$1" != --inside ]; then
	exec unshare --mount --propagation private "$0" --inside "$@"
fi
root=$2 folders=$3 here=$PWD
shift 3
IFS=:
for folder in $folders; do
	mkdir -p "$root$folder"
	mount --bind "$folder" "$root$folder"
done
unset IFS
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" env -C "$here" "$@"
