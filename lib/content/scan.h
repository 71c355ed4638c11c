/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/content: a pass over pages. */
#ifndef AMI_CONTENT_SCAN_H
#define AMI_CONTENT_SCAN_H

#include <amdiommu/pfnset.h>
#include <common/index.h>
#include <kernel/page.h>

#include "content.h"

struct slab_cache;

#define SCAN_PAGES	4u	/* one, and those that a frame runs on into */

/**
 * struct scan - a pass over the pages that are never a buffer
 * @wanted, @owner: of the window
 * @page: the page that is looked at; @room: for it and those after it
 * @batch: page frames to look at next, and whose they are
 * @memmap: pages of struct pages; @structs: of them those that were looked at
 * @by_page: from page frame to the list of @c; @full: which has no more room
 * @caches: of slabs that were met; @by_cache: from kmem_cache to it
 */
struct scan {
	struct ami_contents *c;
	const struct ami_exposures *ex;
	struct ami_kernel *kernel;
	struct ami_dump *dump;
	struct frame_finder finder;
	uint64_t *wanted;
	uint8_t *owner, *room;
	const uint8_t *page;
	uint64_t batch[AMI_PREFETCH];
	uint8_t batch_owner[AMI_PREFETCH];
	size_t batched;
	struct ami_pfnset *memmap, *structs;
	struct slab_cache *caches;
	size_t nr_caches;
	struct ami_index by_cache, by_page;
	bool no_memory, full;
};

/** content_scan() - fill the list of @c; -1: out of memory */
int content_scan(struct ami_contents *c, const struct ami_exposures *ex,
		 bool large);

/** content_page() - the entry of a page, made if needed; NULL: no more room */
struct ami_overwritten *content_page(struct scan *s, uint64_t pfn,
				     enum ami_owner owner, uint64_t phys);

/** content_pages_end() - put the list in order; no more pages come */
void content_pages_end(struct scan *s);

/** content_events() - which pages of the ordered list are next to each other */
void content_events(struct scan *s);

/** content_sign() - note a sign at @phys, with @count of what it counts */
void content_sign(struct scan *s, uint64_t phys, enum ami_owner owner,
		  enum ami_sign sign, uint32_t count);

/** content_frame() - note a frame, which is a sign. */
void content_frame(struct scan *s, enum ami_owner owner,
		   const struct ami_frame *frame);

/** content_page_read() - false: it is not in the dump */
bool content_page_read(struct scan *s, uint64_t pfn, void *page);

/** content_check_...() - s->page is the page's content */
void content_check_table(struct scan *s, uint64_t pfn);
void content_check_stack_end(struct scan *s, uint64_t pfn);
void content_check_text(struct scan *s, uint64_t pfn);
void content_check_stack(struct scan *s, uint64_t pfn);

/** content_look() - look for signs in the content of one page */
void content_look(struct scan *s, uint64_t pfn, enum ami_owner owner);

/**
 * content_slab_note() - a page of a slab was met
 *
 * True: it is looked at with its slab, in the end.
 */
bool content_slab_note(struct scan *s, uint64_t pfn);

/** content_slab_frame() - a frame in a slab, which may be older than its objects */
void content_slab_frame(struct scan *s, const struct ami_frame *frame);

/** content_slabs_check() - all slabs that were met, and frames in them */
void content_slabs_check(struct scan *s);
void content_slabs_free(struct scan *s);

#endif
