/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/kernel. */
#ifndef AMI_KALLSYMS_H
#define AMI_KALLSYMS_H

#include <kernel/symbols.h>

#include "kernel.h"

#define KALLSYMS_TOKENS	256u

/**
 * struct kallsyms - where the tables are, and the parts that were read
 * @names, @token_table, @token_index, @offsets: kernel virtual addresses
 * @has_base: addresses are relative to @relative_base
 */
struct kallsyms {
	struct ami_kernel *kernel;
	uint64_t names, token_table, token_index, offsets;
	uint64_t relative_base;
	bool has_base;
	uint32_t num_syms;
	uint8_t *name_bytes;
	size_t name_size;
	char *tokens;
	size_t token_size;
	uint16_t index[KALLSYMS_TOKENS];
};

/**
 * kallsyms_scan() - find the tables by their shape
 *
 * For kernels before 6.0, whose VMCOREINFO does not name them. Fills the
 * addresses, @relative_base and @num_syms.
 */
bool kallsyms_scan(struct kallsyms *t);

/**
 * kallsyms_resolve() - look up all of ami_symbol_wants in the dump's kallsyms
 *
 * Finds the tables by VMCOREINFO (kernels from 6.0 on) or by their shape.
 * An unreadable address becomes AMI_SYMBOL_UNREAD, unless the whole
 * analysis rests on it: an extract holds only what its maker wanted.
 * Format: kernel/kallsyms.c, scripts/kallsyms.c. Returns -1 with @err filled
 * if the tables are not found or unreadable.
 */
int kallsyms_resolve(struct ami_kernel *kernel, uint64_t *symbols,
		     struct ami_error *err);

#define KALLSYMS_NAME	512u	/* KSYM_NAME_LEN of Linux, since 6.1 */

/** kallsyms_each() - all symbols of the dump's kallsyms; false: not found */
bool kallsyms_each(struct ami_kernel *kernel, struct ami_symbols *to);

#endif
