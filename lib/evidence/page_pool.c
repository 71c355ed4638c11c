// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that network drivers' page pools keep mapped for their devices
 * (net/core/page_pool.c). Some wait in a ring. Others hold packets that the
 * stack still reads. The pool does not distinguish them. So its pages are
 * possible, and add nothing if the driver's rings are known.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <kernel/xarray.h>

#include "bounce.h"

#define MAX_POOLS	65536u
#define MAX_PAGES	(1u << 21)	/* of all pools */
#define MAX_ORDER	10u
#define TO_DEVICE	1u	/* enum dma_data_direction */
#define NET_IOV		1ull	/* a netmem that is not a page */

struct pools {
	struct ami_evidence *ev;
	struct ami_kernel *k;
	const struct ami_device *device;
	uint64_t pages, left;
	bool lost;	/* pages of the current pool */
};

static bool one_page(void *ctx, uint64_t index, uint64_t netmem)
{
	struct pools *p = ctx;
	uint64_t pfn;

	(void)index;
	if (!p->left)
		return false;
	p->left--;
	/* Memory of devices (dma-buf) has no struct page. */
	if (netmem & NET_IOV)
		return true;
	if (ami_page_to_pfn(p->k, netmem, &pfn))
		evidence_add_memory(p->ev, pfn << AMI_PAGE_SHIFT,
				    p->pages * AMI_PAGE_SIZE);
	else
		p->lost = true;
	return true;
}

static void name_of(struct pools *p, uint64_t pool, char name[17])
{
	uint64_t netdev;

	if (ami_get(p->k, pool, AMI_F_page_pool_netdev, &netdev) !=
	    AMI_MEM_OK || !netdev ||
	    ami_read_string(p->k, ami_addr(p->k, netdev, AMI_F_netdev_name),
			    name, 17) != AMI_MEM_OK)
		strcpy(name, "?");
}

static bool is_read_only(struct pools *p, uint64_t pool)
{
	uint64_t direction;

	return ami_get(p->k, pool, AMI_F_page_pool_dir, &direction) ==
	       AMI_MEM_OK && direction == TO_DEVICE;
}

static void report_pool(struct pools *p, const char *name, const char *what)
{
	ami_finding_add(p->ev->state->findings, AMI_FIND_PAGE_POOL_UNREAD,
			name, "Its page pool %s: pages that are mapped for the device may be missing.",
			what);
	if (p->device)
		evidence_cover_partly(p->ev, p->device, "page_pool");
}

/* What is missing from the dump is not impossible. */
static void complain_unread(struct pools *p, const char *name,
			    enum ami_mem mem)
{
	char what[80];

	snprintf(what, sizeof(what), "is %s", ami_mem_text(mem));
	report_pool(p, name, what);
}

static bool one_pool(void *ctx, uint64_t id, uint64_t pool)
{
	struct pools *p = ctx;
	uint64_t dev, order;
	struct ami_xarray_walk met;
	enum ami_mem mem;
	char name[17];

	name_of(p, pool, name);
	p->device = NULL;
	mem = ami_get(p->k, pool, AMI_F_page_pool_dev, &dev);
	if (mem == AMI_MEM_OK && dev)
		p->device = evidence_device_above(p->ev, dev, &mem);
	if (mem == AMI_MEM_OK)
		mem = ami_get(p->k, pool, AMI_F_page_pool_order, &order);
	if (mem != AMI_MEM_OK || order > MAX_ORDER) {
		if (mem != AMI_MEM_OK)
			complain_unread(p, name, mem);
		else
			report_pool(p, name, "has impossible values");
		return true;
	}
	if (!p->device || evidence_driver_covers(p->ev, p->device->bdf) ||
	    is_read_only(p, pool))
		return true;
	p->pages = 1ull << order;
	p->lost = false;
	evidence_begin_transfer(p->ev, p->device, AMI_TRANSFER_POSTED, AMI_POSSIBLE,
				"page_pool", "%s: mapped pages of page pool %" PRIu64,
				name, id);
	met = ami_xarray_each(p->k, ami_addr(p->k, pool,
					     AMI_F_page_pool_mapped),
			      2ull * MAX_PAGES, one_page, p);
	evidence_end_transfer(p->ev);
	if (met.unread || !p->left || p->lost)
		report_pool(p, name, "cannot be read to its end");
	return p->left;
}

void evidence_find_page_pools(struct ami_evidence *ev)
{
	struct pools p = {
		.ev = ev, .k = ev->state->kernel, .left = MAX_PAGES,
	};
	uint64_t pools = ami_symbol(p.k, AMI_SYM_page_pools);

	/* Kernels before 6.16 do not list their pages (6.12.y does). */
	if (!pools || !ami_has(p.k, AMI_F_page_pool_mapped) ||
	    !ami_has(p.k, AMI_F_page_pool_dev))
		return;
	if (!ami_xarray_each(p.k, pools, MAX_POOLS, one_pool, &p).unread)
		return;
	p.device = NULL;
	report_pool(&p, "page_pools", "list cannot be read to its end");
}
