#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# makedumpfile, with a moment before and after it in which the host can look at
# memory.
echo "== makedumpfile starts" >/dev/console
sleep 1
/real/makedumpfile "$@"
code=$?
echo "== makedumpfile ends" >/dev/console
sleep 1
exit $code
