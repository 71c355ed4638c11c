// SPDX-License-Identifier: GPL-2.0-or-later
/* One page pool: its interface, its device, the size of its pages. */
#include <stdio.h>
#include <string.h>

#include "page_pool.h"

#define MAX_ORDER	10u
#define TO_DEVICE	1u	/* enum dma_data_direction */

static void name_of(struct ami_kernel *k, uint64_t pool, char name[17])
{
	uint64_t netdev;

	if (ami_get(k, pool, AMI_F_page_pool_netdev, &netdev) != AMI_MEM_OK ||
	    !netdev ||
	    ami_read_string(k, ami_addr(k, netdev, AMI_F_netdev_name), name,
			    17) != AMI_MEM_OK)
		strcpy(name, "?");
}

static bool is_read_only(struct ami_kernel *k, uint64_t pool)
{
	uint64_t direction;

	return ami_get(k, pool, AMI_F_page_pool_dir, &direction) ==
	       AMI_MEM_OK && direction == TO_DEVICE;
}

void evidence_report_pool(struct ami_evidence *ev, const struct page_pool *pool,
			  const char *what)
{
	ami_finding_add_with(ev->state->findings, AMI_FIND_PAGE_POOL_UNREAD,
			pool->name,
			AMI_FACTS(AMI_NAMES(FAULT, what)),
			"Its page pool %s: pages that are mapped for the device may be missing.",
			what);
	if (pool->device)
		evidence_cover_partly(ev, pool->device, "page_pool");
}

/* What is missing from the dump is not impossible. */
static void complain_unread(struct ami_evidence *ev, const struct page_pool *pool,
			    enum ami_mem mem)
{
	char what[80];

	snprintf(what, sizeof(what), "is %s", ami_mem_text(mem));
	evidence_report_pool(ev, pool, what);
}

bool evidence_read_pool(struct ami_evidence *ev, uint64_t va,
			struct page_pool *pool)
{
	struct ami_kernel *k = ev->state->kernel;
	uint64_t dev, order;
	enum ami_mem mem;

	pool->device = NULL;
	name_of(k, va, pool->name);
	mem = ami_get(k, va, AMI_F_page_pool_dev, &dev);
	if (mem == AMI_MEM_OK && dev)
		pool->device = evidence_device_above(ev, dev, &mem);
	if (mem == AMI_MEM_OK)
		mem = ami_get(k, va, AMI_F_page_pool_order, &order);
	if (mem != AMI_MEM_OK)
		complain_unread(ev, pool, mem);
	else if (order > MAX_ORDER)
		evidence_report_pool(ev, pool, "has impossible values");
	if (mem != AMI_MEM_OK || order > MAX_ORDER || !pool->device)
		return false;
	pool->pages = 1ull << order;
	return !evidence_driver_covers(ev, pool->device->bdf) &&
	       !is_read_only(k, va);
}
