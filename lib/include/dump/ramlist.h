/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RAM of the machine as runs of page frames. Private to lib/dump. */
#ifndef AMI_RAMLIST_H
#define AMI_RAMLIST_H

#include <dump/dump.h>

/* Far more than any machine has. A damaged bitmap must not exhaust memory. */
#define RAMLIST_MAX	(1u << 20)

struct ramlist {
	struct ami_range *range;	/* the owner frees it */
	size_t count;
	bool merged;			/* the last one covers all of the rest */
};

/**
 * ramlist_add() - add page frames [@first, @end), merged where they touch
 *
 * @first must not be below that of the last call. Where the list would pass
 * RAMLIST_MAX, the last range covers the gap, too. Returns -1 if memory ran out.
 */
int ramlist_add(struct ramlist *list, uint64_t first, uint64_t end);

/** ramlist_has() - is @pfn in the list? */
bool ramlist_has(const struct ramlist *list, uint64_t pfn);

#endif
