/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dump whose memory is what the fuzzer says. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <kernel/kernel.h>

/**
 * struct hostile - physical memory from address 0 on
 * @data, @size: its bytes; the last page is filled up with zeros
 * @ram: page frames of RAM; those beyond @data are FILTERED
 * @reads: page frames that were read, the bound on work
 */
struct hostile {
	const uint8_t *data;
	size_t size;
	struct ami_range ram;
	const char *vmcoreinfo;
	uint64_t reads;
};

/** hostile_dump() - @h must outlive the result */
struct ami_dump *hostile_dump(struct hostile *h);

/** hostile_take() - up to @len bytes off the front of @data; rest zeros */
void hostile_take(const uint8_t **data, size_t *size, void *to, size_t len);

/** must() - what has to hold whatever the input */
#define must(what)	do { if (!(what)) __builtin_trap(); } while (0)

#endif
