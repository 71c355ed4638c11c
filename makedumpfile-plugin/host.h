/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of makedumpfile's extension interface that are used (its
 * extension.h, extension.c, kallsyms.h, btf_info.h as of June 2026). Declared
 * here and not included from there: only this much is reliable.
 */
#ifndef AMI_HOST_H
#define AMI_HOST_H

#include <stddef.h>

/* What extension_callback() says of a page. INCLUDE beats EXCLUDE. */
enum {
	PG_INCLUDE,
	PG_EXCLUDE,
	PG_UNDECID,
};

#define HOST_PADDR	1	/* type of address: physical */

/**
 * readmem() - memory of the dumped machine, by makedumpfile
 *
 * Returns 0 on failure, with a message on stderr. Weak: a makedumpfile that
 * does not export it still loads the extension.
 */
extern int readmem(int type, unsigned long long addr, void *buf, size_t size)
	__attribute__((weak));

#endif
