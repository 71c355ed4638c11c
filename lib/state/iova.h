/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the files that read the IOVA allocator. */
#ifndef AMI_STATE_IOVA_H
#define AMI_STATE_IOVA_H

#include <common/index.h>

#include "flushq.h"

/* Freed ranges of up to so many pages are kept for reuse, by size. */
#define IOVA_CACHE_SIZES	6u
#define IOVA_MAX_CACHED		(1u << (IOVA_CACHE_SIZES - 1))

/** struct iova_walk - what a walk through the tree of ranges met */
struct iova_walk {
	uint64_t nodes;
	uint64_t unread;	/* nodes that cannot be read */
	uint64_t broken;	/* links or ranges that contradict each other */
};

/**
 * state_iova_each_range() - the allocated ranges of the struct iova_domain @iovad
 *
 * @fn gets first and last page, ascending; false stops: out of memory.
 */
bool state_iova_each_range(struct ami_state *s, uint64_t iovad,
			   struct iova_walk *met,
			   bool (*fn)(void *ctx, uint64_t first, uint64_t last),
			   void *ctx);

/**
 * struct iova_open - an allocated range of which no page is mapped
 * @bare: not even a table for it is there
 * @explained: it waits for reuse, or was unmapped just before
 */
struct iova_open {
	uint64_t first, last;	/* pages of the allocator */
	bool bare, explained;
};

/**
 * struct iova_alloc - the allocator of a domain, held against its table
 * @left: of @list, those without an explanation
 * @hidden: ranges that may wait for reuse in what cannot be read; SIZE_MAX: any
 *	number of them
 * @mapped: ranges with a page that is mapped, or may be
 */
struct iova_alloc {
	struct ami_domain *d;
	uint64_t iovad;
	unsigned int shift;
	struct cpus *cpus;
	struct ami_iova_range *reserved;
	size_t nr_reserved;
	bool reserved_known;
	struct iova_open *list;
	size_t count, left;
	struct ami_index by_first;
	size_t hidden;
	uint64_t mapped;
};

/** state_iova_explain() - the open range that starts at page @first, if there is one */
void state_iova_explain(struct iova_alloc *a, uint64_t first);

/** state_iova_explain_cached() - ranges that the allocator keeps for reuse */
void state_iova_explain_cached(struct ami_state *s, struct iova_alloc *a);

/** state_iova_find_reserved() - fill @a->reserved; -1: no memory */
int state_iova_find_reserved(struct ami_state *s, struct iova_alloc *a);

/** state_iova_is_reserved() - is it a range that was never to be mapped? */
bool state_iova_is_reserved(const struct iova_alloc *a, uint64_t first,
			    uint64_t last);

#endif
