/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds a kernel in memory with only its vmlinux known. Private to lib/kernel.
 */
#ifndef AMI_PLACE_H
#define AMI_PLACE_H

#include "kernel.h"

/**
 * struct kernel_file - what a vmlinux says; addresses as in the file
 * @banner: linux_banner, as text
 * @build_id: in hexadecimal; "": none
 */
struct kernel_file {
	const char *banner;
	char build_id[41];
	uint64_t banner_at, stext, top_pgt, level2_pgt, sme_mask;
};

/**
 * kernel_place_kernel() - find the kernel in memory, for VMCOREINFO
 *
 * Finds it by its banner, which lies at the same offset in some 2 MiB
 * wherever it was loaded. Its own page tables prove it. False: it is not
 * there.
 */
bool kernel_place_kernel(struct ami_dump *dump, const struct kernel_file *file);

#endif
