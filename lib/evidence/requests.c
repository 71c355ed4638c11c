// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The memory of requests: a disk's driver gets it in advance, in blocks of up to
 * 16 pages (block/blk-mq.c, blk_mq_alloc_rqs()). Nothing marks those but the
 * list they are on.
 */
#include "block.h"

#define MAX_BLOCKS	(1u << 16)	/* 4 GiB of requests */
#define MAX_ORDER	4u

void evidence_note_requests(struct ami_evidence *ev, uint64_t tags)
{
	struct ami_kernel *k = ev->state->kernel;
	struct ami_list_iter it;
	uint64_t node, page, pfn, order;

	if (!ami_has(k, AMI_F_tags_page_list) || !ami_has(k, AMI_F_page_lru))
		return;
	ami_busy_list_start(&it, k, ami_addr(k, tags, AMI_F_tags_page_list),
			    MAX_BLOCKS);
	while (ami_list_next(&it, &node) &&
	       !ami_dump_stopped(ami_kernel_dump(k))) {
		page = ami_container(k, node, AMI_F_page_lru);
		if (ami_page_to_pfn(k, page, &pfn) &&
		    ami_get(k, page, AMI_F_page_private, &order) ==
		    AMI_MEM_OK && order <= MAX_ORDER)
			ami_pfnset_add(ev->request_pages, pfn, 1ull << order);
	}
	ev->collector->no_memory |= ami_pfnset_failed(ev->request_pages);
}
