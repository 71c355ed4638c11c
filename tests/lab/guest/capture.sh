# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Sourced by init.sh in the capture kernel. A flattened dump can be written
# straight to a disk; the host puts it in order.
echo "== capture kernel up $(uname -r)"
dmesg | grep -iE 'AMD-Vi|translation|re-us' | cut -c1-120
level=$(setting level)
out=/dev/$(setting out)
export AMDIOMMU_WATCH=1
case $(setting marks) in
file)
	makedumpfile-amdiommu -l -d "$level" /proc/vmcore /tmp/vmcore
	code=$?
	cat /tmp/vmcore >"$out"
	echo "== dump has $(wc -c </tmp/vmcore) bytes"
	;;
stream)		# as kdump-tools does it
	{
		makedumpfile-amdiommu -F -l -d "$level" /proc/vmcore
		echo $? >/tmp/code
	} | cat >"$out"
	code=$(cat /tmp/code)
	;;
*)
	echo "== makedumpfile starts"
	makedumpfile -F -l -d "$level" /proc/vmcore >"$out"
	code=$?
	;;
esac
sync
echo "== capture done rc=$code"
