# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Sourced by init.sh in the capture kernel. A flattened dump can be written
# straight to a disk; the host puts it in order.
echo "== capture kernel up $(uname -r)"
dmesg | grep -iE 'AMD-Vi|translation|re-us' | cut -c1-120
echo "== makedumpfile starts"
makedumpfile -F -l -d "$(setting level)" /proc/vmcore >"/dev/$(setting out)"
code=$?
sync
echo "== capture done rc=$code"
