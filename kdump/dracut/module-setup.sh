#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# dracut module: makedumpfile-amdiommu in the initramfs that kdumpctl makes.

check() {
	# kdumpctl sets it; no other initramfs needs us.
	[[ -n ${IN_KDUMP-} ]] || return 1
	require_binaries makedumpfile-amdiommu makedumpfile || return 1
	return 0
}

depends() {
	return 0
}

install() {
	inst_multiple makedumpfile-amdiommu makedumpfile
	# The extension is used where kdump.conf names it.
	if grep -qs '^core_collector.*@LIBDIR@/makedumpfile.so' /etc/kdump.conf; then
		dracut_install "@LIBDIR@/makedumpfile.so"	# with its libraries
	fi
	return 0
}
