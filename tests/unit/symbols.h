/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kallsyms tables as scripts/kallsyms.c writes them, put into an image. */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include "image.h"

/**
 * enum symbols_rule - how addresses are written
 * @SIGNED_BASE_LONG: as 4.18 writes them; counts and markers have 8 bytes there
 */
enum symbols_rule {
	SIGNED_BASE_LONG, SIGNED_BASE, UNSIGNED_BASE, SELF_RELATIVE
};

struct symbol {
	const char *name;
	uint64_t address;
};

/** struct symbols - addresses (virtual) of the parts that were written */
struct symbols {
	enum symbols_rule rule;
	uint64_t names, num_syms, base, markers, table, index, offsets;
};

/** symbols_size() - upper bound of the bytes the tables take */
size_t symbols_size(const struct symbol *symbol, uint32_t count);

/**
 * symbols_write() - write the tables at @va of the kernel image map
 *
 * In the order of 5.10; newer kernels differ, but their keys say where.
 */
void symbols_write(struct image *img, uint64_t va, enum symbols_rule rule,
		   const struct symbol *symbol, uint32_t count,
		   struct symbols *out);

/** symbols_tokens() - only the token table and its index */
void symbols_tokens(struct image *img, uint64_t at, struct symbols *out);

/** symbols_keys() - their VMCOREINFO lines; returns the length */
int symbols_keys(const struct symbols *s, char *text, size_t size);

#endif
