// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that network drivers' page pools keep mapped for their devices
 * (net/core/page_pool.c), where the kernel lists them. Some wait in a ring. Others hold packets that the
 * stack still reads. The pool does not distinguish them. So its pages are
 * possible, and add nothing if the driver's rings are known.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <kernel/xarray.h>

#include "bounce.h"
#include "page_pool.h"

#define MAX_POOLS	65536u
#define MAX_ORDER	10u
#define TO_DEVICE	1u	/* enum dma_data_direction */
#define NET_IOV		1ull	/* a netmem that is not a page */

struct pools {
	struct ami_evidence *ev;
	struct page_pool pool;
	uint64_t left;
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
	if (ami_page_to_pfn(p->ev->state->kernel, netmem, &pfn))
		evidence_add_memory(p->ev, pfn << AMI_PAGE_SHIFT,
				    p->pool.pages * AMI_PAGE_SIZE);
	else
		p->lost = true;
	return true;
}

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
	ami_finding_add(ev->state->findings, AMI_FIND_PAGE_POOL_UNREAD,
			pool->name, "Its page pool %s: pages that are mapped for the device may be missing.",
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

static bool one_pool(void *ctx, uint64_t id, uint64_t va)
{
	struct pools *p = ctx;
	struct ami_kernel *k = p->ev->state->kernel;
	struct ami_xarray_walk met;

	if (!evidence_read_pool(p->ev, va, &p->pool))
		return true;
	p->lost = false;
	evidence_begin_transfer(p->ev, p->pool.device, AMI_TRANSFER_POSTED,
				AMI_POSSIBLE, "page_pool",
				"%s: mapped pages of page pool %" PRIu64,
				p->pool.name, id);
	met = ami_xarray_each(k, ami_addr(k, va, AMI_F_page_pool_mapped),
			      2ull * POOL_MAX_PAGES, one_page, p);
	evidence_end_transfer(p->ev);
	if (met.unread || !p->left || p->lost)
		evidence_report_pool(p->ev, &p->pool, "cannot be read to its end");
	return p->left;
}

/* 6.16 and later, and some releases of 6.12, list pools and their pages. */
static bool are_listed(struct ami_kernel *k)
{
	return ami_symbol(k, AMI_SYM_page_pools) &&
	       ami_has(k, AMI_F_page_pool_mapped);
}

void evidence_find_page_pools(struct ami_evidence *ev)
{
	struct pools p = { .ev = ev, .left = POOL_MAX_PAGES };
	struct page_pool all = { .name = "page_pools" };
	struct ami_kernel *k = ev->state->kernel;

	if (!ami_has(k, AMI_F_page_pool_dev))
		return;
	if (!are_listed(k))
		evidence_search_pools(ev);
	else if (ami_xarray_each(k, ami_symbol(k, AMI_SYM_page_pools),
				 MAX_POOLS, one_pool, &p).unread)
		evidence_report_pool(ev, &all, "list cannot be read to its end");
}
