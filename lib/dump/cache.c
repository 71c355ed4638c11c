// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A small cache of page frames. Hosts differ in what a read costs, and
 * page-table walks return to the same upper-level pages all the time.
 */
#include <stdlib.h>

#include "handle.h"

void ami_dump_note_reads(struct ami_dump *dump, struct ami_pfnset *set)
{
	unsigned int i;

	for (i = 0; i < CACHE_PAGES; i++)
		dump->slot[i].noted = false;
	dump->noted = set;
}

static unsigned int bucket_of(uint64_t pfn)
{
	return (pfn * 0x9e3779b97f4a7c15ull) >> 54;
}

static unsigned int cache_find(struct ami_dump *dump, uint64_t pfn)
{
	unsigned int i = dump->bucket[bucket_of(pfn)];

	while (i != NO_SLOT && dump->slot[i].pfn != pfn)
		i = dump->slot[i].next;
	return i;
}

static void cache_unlink(struct ami_dump *dump, unsigned int i)
{
	uint16_t *link = &dump->bucket[bucket_of(dump->slot[i].pfn)];

	while (*link != i)
		link = &dump->slot[*link].next;
	*link = dump->slot[i].next;
	dump->slot[i].used = false;
}

/* Clock replacement. NO_SLOT only if the caller pinned the whole cache. */
static unsigned int cache_victim(struct ami_dump *dump)
{
	unsigned int turns;

	for (turns = 0; turns < 2 * CACHE_PAGES + 1; turns++) {
		unsigned int i = dump->hand;
		struct slot *slot = &dump->slot[i];

		dump->hand = (i + 1) % CACHE_PAGES;
		if (slot->pins)
			continue;
		if (slot->used && slot->recent) {
			slot->recent = false;
			continue;
		}
		if (slot->used)
			cache_unlink(dump, i);
		return i;
	}
	return NO_SLOT;
}

void dump_count_pages(struct ami_dump *dump, size_t count)
{
	dump->pages_read += count;
	ami_budget_spend(&dump->budget, count * AMI_COST_PAGE);
}

enum ami_mem dump_host_read(struct ami_dump *dump, uint64_t pfn,
			    uint8_t *page, uint64_t *valid)
{
	enum ami_mem mem;

	/* Asking for an absent page costs less, but not nothing. */
	if (!ami_budget_spend(&dump->budget, AMI_COST_SET))
		return AMI_MEM_LEFT_OUT;
	mem = dump->ops.read_page(dump->ctx, pfn, page);
	*valid = UINT64_MAX;
	if (mem == AMI_MEM_ABSENT && dump->all_ram && ami_dump_ram(dump, pfn))
		mem = AMI_MEM_FILTERED;
	if (dump->prefer && dump->prefer(dump->prefer_ctx, pfn, mem, page))
		mem = AMI_MEM_OK;
	else if (mem == AMI_MEM_OK && dump->ops.valid)
		*valid = dump->ops.valid(dump->ctx, pfn);
	if (mem == AMI_MEM_OK)
		dump_count_pages(dump, 1);
	else
		dump_count_cut(dump, mem);
	return mem;
}

static void cache_put(struct ami_dump *dump, unsigned int i, uint64_t pfn,
		      uint64_t valid)
{
	uint16_t *head = &dump->bucket[bucket_of(pfn)];

	dump->slot[i] = (struct slot){
		.pfn = pfn, .next = *head, .used = true, .valid = valid,
		.recent = true,
	};
	*head = i;
}

enum ami_mem dump_cache_get(struct ami_dump *dump, uint64_t pfn,
			    unsigned int *index)
{
	unsigned int i = cache_find(dump, pfn);
	enum ami_mem mem;
	uint64_t valid;

	if (!ami_budget_spend(&dump->budget, AMI_COST_READ))
		return AMI_MEM_LEFT_OUT;
	if (i == NO_SLOT) {
		i = cache_victim(dump);
		if (i == NO_SLOT)
			return AMI_MEM_ERROR;
		mem = dump_host_read(dump, pfn, dump_slot_data(dump, i), &valid);
		if (mem != AMI_MEM_OK)
			return mem;
		cache_put(dump, i, pfn, valid);
	}
	if (dump->noted && !dump->slot[i].noted)
		ami_pfnset_add(dump->noted, pfn, 1);
	dump->slot[i].noted = true;
	dump->slot[i].recent = true;
	*index = i;
	return AMI_MEM_OK;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Read adjacent page frames that are not in the cache. */
static void prefetch_run(struct ami_dump *dump, uint64_t first, size_t count)
{
	uint8_t *page[AMI_PREFETCH];
	unsigned int slot[AMI_PREFETCH];
	size_t i, got = 0;

	/* Pinned, so that no two frames get the same slot. */
	for (i = 0; i < count; i++) {
		slot[i] = cache_victim(dump);
		if (slot[i] == NO_SLOT)
			break;
		dump->slot[slot[i]].pins = 1;
		page[i] = dump_slot_data(dump, slot[i]);
	}
	count = i;
	if (count)
		got = dump->ops.read_run(dump->ctx, first, page, count);
	for (i = 0; i < count; i++) {
		dump->slot[slot[i]].pins = 0;
		if (i >= got)
			continue;
		if (dump->prefer)
			dump->prefer(dump->prefer_ctx, first + i, AMI_MEM_OK,
				     page[i]);
		cache_put(dump, slot[i], first + i, UINT64_MAX);
	}
	dump_count_pages(dump, got);
}

void ami_dump_prefetch(struct ami_dump *dump, uint64_t *pfn, size_t count)
{
	size_t i, run;

	if (!dump->ops.read_run || count > AMI_PREFETCH || dump->budget.over)
		return;
	for (i = 1; i < count && pfn[i - 1] < pfn[i]; i++)
		;
	if (i < count)
		qsort(pfn, count, sizeof(*pfn), by_number);
	for (i = 0; i < count; i += run) {
		run = 1;
		if (cache_find(dump, pfn[i]) != NO_SLOT)
			continue;
		while (i + run < count && pfn[i + run] == pfn[i] + run &&
		       cache_find(dump, pfn[i + run]) == NO_SLOT)
			run++;
		prefetch_run(dump, pfn[i], run);
	}
}
