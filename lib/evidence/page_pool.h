/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the readers of page pools: from the kernel's list, or from pages. */
#ifndef AMI_PAGE_POOL_H
#define AMI_PAGE_POOL_H

#include "evidence.h"

#define POOL_MAX_PAGES	(1u << 21)	/* of all pools */

/**
 * struct page_pool - a pool, and whose it is
 * @pages: frames of each buffer
 * @name: of the interface; "?": unknown
 */
struct page_pool {
	const struct ami_device *device;
	uint64_t pages;
	char name[17];
};

/**
 * evidence_read_pool() - the pool at @va
 *
 * Returns false if there is nothing to name: its driver has a reader, the device only
 * reads, it has no known device, or it cannot be read (a finding says so).
 */
bool evidence_read_pool(struct ami_evidence *ev, uint64_t va,
			struct page_pool *pool);

/** evidence_report_pool() - "Its page pool @what"; its device is not covered */
void evidence_report_pool(struct ami_evidence *ev, const struct page_pool *pool,
			  const char *what);

/**
 * evidence_search_pools() - pools that nothing lists, by the marks in their pages
 *
 * Pages that tables map for network devices without a reader. Of devices that are
 * not translated, all struct pages are searched, if the user asks for it.
 */
void evidence_search_pools(struct ami_evidence *ev);

#endif
