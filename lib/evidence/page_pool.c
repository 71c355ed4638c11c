// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that network drivers' page pools keep mapped for their devices
 * (net/core/page_pool.c), where the kernel lists them. Some wait in a ring. Others
 * hold packets that the stack still reads. The pool does not distinguish them. So
 * its pages are possible, and add nothing if the driver's rings are known.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <kernel/xarray.h>

#include "bounce.h"
#include "page_pool.h"

#define MAX_POOLS	65536u
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
