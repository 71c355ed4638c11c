/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/kernel. */
#ifndef AMI_KALLSYMS_H
#define AMI_KALLSYMS_H

#include "kernel.h"

/**
 * kallsyms_resolve() - look up all of ami_symbol_wants in the dump's kallsyms
 *
 * Finds the tables by VMCOREINFO (kernels from 6.0 on). Format:
 * kernel/kallsyms.c, scripts/kallsyms.c. Returns -1 with @err filled when the
 * tables can't be found or read.
 */
int kallsyms_resolve(struct ami_kernel *kernel, uint64_t *symbols,
		     struct ami_error *err);

#endif
