// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page pools of kernels that do not list their pages (5.14 to 6.15): each page of a
 * pool has a mark, its pool, and its address for the device (struct page, or struct
 * netmem_desc over it). Where a table maps the page, that address is its IOVA.
 */
#include <stdlib.h>
#include <string.h>

#include <common/vec.h>
#include <kernel/page.h>

#include "bounce.h"
#include "page_pool.h"

/*
 * include/linux/mm.h: PP_SIGNATURE, with POISON_POINTER_DELTA of x86-64. From 6.16
 * on, an index is above its lower bits.
 */
#define SIGNATURE	0xdead000000000040ull
#define SIGNATURE_MASK	0xffff0000000000fcull
#define NETWORK		0x02u	/* class code of network controllers */
#define BLOCK		AMI_PAGE_SIZE	/* of struct pages that are read at once */

struct found {
	uint64_t pool, pfn;
};

/**
 * struct search - pages of pools that were found
 * @device: whose table is walked; NULL: pages of devices that are not translated
 * @block: struct pages, those from frame @first on; @filled: they were read
 * @unread: struct pages could not be read
 */
struct search {
	struct ami_evidence *ev;
	struct ami_kernel *k;
	const struct ami_device *device;
	struct found *list;
	size_t count;
	uint64_t first, unread;
	bool filled, many;
	uint8_t block[BLOCK];
};

static uint64_t pages_in_block(const struct search *s)
{
	return BLOCK / ami_type_size(s->k, AMI_T_page);
}

/* A block of them is read at once: neighbours are asked for next. */
static const uint8_t *struct_page(struct search *s, uint64_t pfn)
{
	uint64_t many = pages_in_block(s), first = pfn - pfn % many, va;

	if (!s->filled || s->first != first) {
		va = ami_pfn_to_page(s->k, first);
		s->first = first;
		s->filled = va && ami_read(s->k, va, s->block, many *
					   ami_type_size(s->k, AMI_T_page)) ==
			    AMI_MEM_OK;
	}
	if (s->filled)
		return s->block + (pfn - first) *
		       ami_type_size(s->k, AMI_T_page);
	s->unread++;
	return NULL;
}

static uint64_t word_at(const struct search *s, const uint8_t *page,
			enum ami_field f)
{
	uint64_t word;

	memcpy(&word, page + ami_kernel_layout(s->k)->field[f].offset,
	       sizeof(word));
	return word;
}

static bool is_of_device(const struct search *s, uint64_t pool)
{
	uint64_t dev;

	return ami_get(s->k, pool, AMI_F_page_pool_dev, &dev) != AMI_MEM_OK ||
	       dev == s->device->dev;
}

/* @iova: where the device sees the page; ~0: its own address is not known */
static bool try_page(struct search *s, uint64_t pfn, uint64_t iova)
{
	const uint8_t *page = struct_page(s, pfn);
	struct found found = { .pfn = pfn };

	if (!page || (word_at(s, page, AMI_F_page_pp_magic) & SIGNATURE_MASK) !=
		     SIGNATURE)
		return true;
	found.pool = word_at(s, page, AMI_F_page_pp);
	/* Another device's pool, which maps the page elsewhere. */
	if (s->device && word_at(s, page, AMI_F_page_dma_addr) != iova &&
	    !is_of_device(s, found.pool))
		return true;
	if (s->count == POOL_MAX_PAGES) {
		s->many = true;
		return false;
	}
	return evidence_grown(s->ev, vec_push(s->list, s->count, SIZE_MAX,
					      found));
}

static bool try_run(void *ctx, const struct ami_mapping *run)
{
	struct search *s = ctx;
	uint64_t phys = run->phys & ~ami_kernel_sme(s->k), at;

	for (at = 0; run->write && at < run->size; at += AMI_PAGE_SIZE)
		if (!evidence_spend(s->ev, 1) ||
		    (ami_dump_ram(ami_kernel_dump(s->k),
				  (phys + at) >> AMI_PAGE_SHIFT) &&
		     !try_page(s, (phys + at) >> AMI_PAGE_SHIFT,
			       run->iova + at)))
			return false;
	return true;
}

static bool walk_route(void *ctx, const struct ami_route *route)
{
	static const struct ami_walk_ops ops = { .mapping = try_run };
	struct search *s = ctx;
	struct ami_walk_stats met = { .table_pages = 0 };

	if (!route->identity && !route->nested)
		ami_walk(ami_kernel_dump(s->k), &route->table, &ops, s, &met);
	return true;
}

static bool any_identity(void *ctx, const struct ami_route *route)
{
	bool *identity = ctx;

	*identity |= route->identity;
	return !*identity;
}

static int by_pool(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->pool != y->pool)
		return x->pool < y->pool ? -1 : 1;
	return (x->pfn > y->pfn) - (x->pfn < y->pfn);
}

/* Pages @from to @to are of one pool. */
static void post_pool(struct search *s, size_t from, size_t to)
{
	struct page_pool pool;
	bool identity = false;
	size_t i;

	if (!evidence_read_pool(s->ev, s->list[from].pool, &pool) ||
	    (s->device && s->device != pool.device))
		return;
	/* For devices behind a table, the walk of the table has found all. */
	if (!s->device)
		ami_device_untagged(s->ev->state, pool.device, any_identity,
				    &identity);
	if (!s->device && !identity)
		return;
	evidence_begin_transfer(s->ev, pool.device, AMI_TRANSFER_POSTED,
				AMI_POSSIBLE, "page_pool",
				"%s: pages of a page pool", pool.name);
	for (i = from; i < to; i++)
		evidence_add_memory(s->ev, s->list[i].pfn << AMI_PAGE_SHIFT,
				    pool.pages * AMI_PAGE_SIZE);
	evidence_end_transfer(s->ev);
}

static void post_found(struct search *s)
{
	struct page_pool all = { .device = s->device, .name = "page_pool" };
	size_t i, from = 0;

	if (s->count)
		qsort(s->list, s->count, sizeof(*s->list), by_pool);
	for (i = 1; i <= s->count; i++) {
		if (i < s->count && s->list[i].pool == s->list[from].pool)
			continue;
		post_pool(s, from, i);
		from = i;
	}
	if (s->many || s->unread)
		evidence_report_pool(s->ev, &all, s->many ?
				     "has more pages than are kept" :
				     "may have pages whose struct page cannot be read");
	s->count = 0;
	s->unread = 0;
	s->many = false;
}

static bool search_device(struct search *s, const struct ami_device *d)
{
	bool identity = false;

	s->device = d;
	ami_device_untagged(s->ev->state, d, walk_route, s);
	ami_device_untagged(s->ev->state, d, any_identity, &identity);
	post_found(s);
	return identity;
}

static bool is_candidate(const struct ami_evidence *ev,
			 const struct ami_device *d)
{
	return d->dev && d->driver[0] && d->class >> 16 == NETWORK &&
	       ami_device_active(d) &&
	       !evidence_driver_covers(ev, d->bdf);
}

/* All struct pages: 64 bytes for each page of the machine. */
static void search_all(struct search *s)
{
	struct ami_dump *dump = ami_kernel_dump(s->k);
	const struct ami_dump_info *info = ami_dump_info(dump);
	uint64_t n;
	size_t i;

	s->device = NULL;
	/* They are no part of an extract. */
	ami_dump_record_pause(dump, true);
	for (i = 0; i < info->nr_ram; i++)
		for (n = 0; n < info->ram[i].count; n++) {
			uint64_t pfn = info->ram[i].first + n;

			if (!evidence_spend(s->ev, 1) ||
			    (pfn % pages_in_block(s) == 0 &&
			     ami_dump_interrupted(dump)))
				break;
			if (!try_page(s, pfn, 0))
				break;
		}
	ami_dump_record_pause(dump, false);
	post_found(s);
}

static void suggest_scan(struct ami_evidence *ev, size_t devices)
{
	ami_finding_add_with(ev->state->findings,
			AMI_FIND_PAGE_POOLS_NOT_SEARCHED,
			"page_pool",
			AMI_FACTS(AMI_SAYS(DEVICES, devices)),
			"%zu network device%s no reader and no table, and this kernel does not list page pools: which pages theirs hold is not known.",
			devices, devices == 1 ? " has" : "s have");
}

static bool has_members(struct ami_kernel *k)
{
	uint64_t size = ami_type_size(k, AMI_T_page);

	return size && size <= BLOCK && ami_has(k, AMI_F_page_pp_magic) &&
	       ami_has(k, AMI_F_page_pp) && ami_has(k, AMI_F_page_dma_addr);
}

void evidence_search_pools(struct ami_evidence *ev)
{
	struct search *s = calloc(1, sizeof(*s));
	size_t i, untranslated = 0;

	if (!s) {
		ev->collector->no_memory = true;
		return;
	}
	s->ev = ev;
	s->k = ev->state->kernel;
	for (i = 0; i < ev->state->nr_devices && has_members(s->k); i++)
		if (is_candidate(ev, &ev->state->devices[i]))
			untranslated += search_device(s, &ev->state->devices[i]);
	if (untranslated && ev->deep)
		search_all(s);
	else if (untranslated)
		suggest_scan(ev, untranslated);
	free(s->list);
	free(s);
}
