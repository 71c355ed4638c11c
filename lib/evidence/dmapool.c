// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages of DMA pools: mm/dmapool.c. */
#include "evidence.h"

#define MAX_PAGES	65536u
#define MAX_BLOCK	(16u << 20)

bool evidence_add_dma_pool(struct ami_evidence *ev,
			   const struct ami_device *device, uint64_t pool,
			   uint64_t *budget)
{
	struct ami_kernel *k = ev->state->kernel;
	struct ami_list_iter it;
	bool complete = true;
	uint64_t node, dma, size;

	if (ami_get(k, pool, AMI_F_dma_pool_allocation, &size) != AMI_MEM_OK ||
	    !size || size > MAX_BLOCK)
		return false;
	ami_list_start(&it, k, ami_addr(k, pool, AMI_F_dma_pool_pages),
		       MAX_PAGES);
	while (ami_list_next(&it, &node) && *budget) {
		--*budget;
		if (ami_get(k, ami_container(k, node, AMI_F_dma_page_list),
			    AMI_F_dma_page_dma, &dma) == AMI_MEM_OK)
			evidence_add_dma(ev, device, dma, size);
		else
			complete = false;
	}
	return complete && !it.broken && it.mem == AMI_MEM_OK;
}
