/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the files that read the IOVA allocator. */
#ifndef AMI_STATE_IOVA_H
#define AMI_STATE_IOVA_H

#include <common/index.h>

#include "flushq.h"

/* Freed ranges of these sizes (powers of two) are kept for reuse. */
#define IOVA_CACHE_SIZES	6u
#define IOVA_MAX_CACHED		(1u << (IOVA_CACHE_SIZES - 1))

/** struct iova_walk - what a walk through the tree of ranges found */
struct iova_walk {
	uint64_t nodes;
	uint64_t unread;	/* nodes that are unreadable */
	uint64_t broken;	/* links or ranges that contradict each other */
};

/**
 * state_iova_each_range() - allocated ranges of the struct iova_domain @iovad
 *
 * @fn gets first and last page, ascending. It returns false to stop: no memory.
 */
bool state_iova_each_range(struct ami_state *s, uint64_t iovad,
			   struct iova_walk *met,
			   bool (*fn)(void *ctx, uint64_t first, uint64_t last),
			   void *ctx);

/**
 * struct iova_open - an allocated range of which no page is mapped
 * @bare: there is not even a table for it
 * @explained: it waits for reuse, or was unmapped just before
 */
struct iova_open {
	uint64_t first, last;	/* page numbers in the allocator */
	bool bare, explained;
};

/**
 * struct iova_alloc - a domain's allocator, compared with its table
 * @left: how many of @list have no explanation
 * @hidden: how many ranges may wait for reuse in unreadable memory; SIZE_MAX:
 * 	any number
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

/** state_iova_explain() - the open range at page @first, if there is one */
static inline void state_iova_explain(struct iova_alloc *a, uint64_t first)
{
	size_t at;

	if (!ami_index_find(&a->by_first, first, &at) ||
	    a->list[at].explained)
		return;
	a->list[at].explained = true;
	a->left--;
}

/** state_iova_explain_cached() - explain ranges that are kept for reuse */
void state_iova_explain_cached(struct ami_state *s, struct iova_alloc *a);

/** state_iova_find_reserved() - fill @a->reserved; -1: no memory */
int state_iova_find_reserved(struct ami_state *s, struct iova_alloc *a);

/** state_iova_is_reserved() - is it a range that is never mapped? */
bool state_iova_is_reserved(const struct iova_alloc *a, uint64_t first,
			    uint64_t last);

#endif
