// SPDX-License-Identifier: GPL-2.0-or-later
/* Physical memory of the dead machine, through the cache or past it. */
#include <string.h>

#include "handle.h"

#define BULK_BYTES	(16u * AMI_PAGE_SIZE)

void ami_dump_prefer(struct ami_dump *dump,
		     bool (*page)(void *ctx, uint64_t pfn, enum ami_mem mem,
				  uint8_t *page),
		     void *ctx)
{
	dump->prefer = page;
	dump->prefer_ctx = ctx;
}

static enum ami_mem read_piece(struct ami_dump *dump, uint64_t paddr,
			       uint8_t *buf, size_t len)
{
	uint64_t mask = ami_granule_mask(paddr % AMI_PAGE_SIZE, len);
	enum ami_mem mem;
	unsigned int i;

	mem = dump_cache_get(dump, paddr >> AMI_PAGE_SHIFT, &i);
	if (mem != AMI_MEM_OK)
		return mem;
	if ((dump->slot[i].valid & mask) != mask) {
		/* In other files, part of such a page lies past the end. */
		dump_count_cut(dump, ami_dump_is_extract(dump) ? AMI_MEM_FILTERED :
			       AMI_MEM_ERROR);
		return AMI_MEM_FILTERED;
	}
	if (ami_dump_recording(dump))
		ami_record_add(&dump->record, paddr >> AMI_PAGE_SHIFT, mask);
	memcpy(buf, dump_slot_data(dump, i) + paddr % AMI_PAGE_SIZE, len);
	return AMI_MEM_OK;
}

static void took_whole(struct ami_dump *dump, uint64_t pfn)
{
	if (dump->noted)
		ami_pfnset_add(dump->noted, pfn, 1);
	if (ami_dump_recording(dump))
		ami_record_add(&dump->record, pfn, UINT64_MAX);
}

/*
 * Read as many adjacent whole pages of the dump as possible at once. May be 0.
 */
static size_t read_run(struct ami_dump *dump, uint64_t pfn, uint8_t *buf,
		       size_t count)
{
	uint8_t *page[AMI_PREFETCH];
	size_t i;

	if (!dump->ops.read_run || dump->budget.over)
		return 0;
	if (count > AMI_PREFETCH)
		count = AMI_PREFETCH;
	for (i = 0; i < count; i++)
		page[i] = buf + i * AMI_PAGE_SIZE;
	count = dump->ops.read_run(dump->ctx, pfn, page, count);
	for (i = 0; i < count; i++) {
		if (dump->prefer)
			dump->prefer(dump->prefer_ctx, pfn + i, AMI_MEM_OK,
				     page[i]);
		took_whole(dump, pfn + i);
	}
	dump_count_pages(dump, count);
	return count;
}

/* Whole pages of a large read bypass the cache. */
static enum ami_mem read_bulk(struct ami_dump *dump, uint64_t pfn,
			      uint8_t *buf, size_t count, size_t *done)
{
	enum ami_mem mem;
	uint64_t valid;

	*done = read_run(dump, pfn, buf, count);
	if (*done)
		return AMI_MEM_OK;
	mem = dump_host_read(dump, pfn, buf, &valid);
	if (mem != AMI_MEM_OK)
		return mem;
	if (valid != UINT64_MAX)
		return AMI_MEM_FILTERED;
	took_whole(dump, pfn);
	*done = 1;
	return AMI_MEM_OK;
}

enum ami_mem ami_dump_read(struct ami_dump *dump, uint64_t paddr, void *buf,
			   size_t len)
{
	bool bulk = len >= BULK_BYTES;
	uint8_t *p = buf;

	if (len && paddr > UINT64_MAX - (len - 1))
		return AMI_MEM_ABSENT;
	while (len) {
		size_t part = AMI_PAGE_SIZE - paddr % AMI_PAGE_SIZE, pages;
		enum ami_mem mem;

		if (part > len)
			part = len;
		if (bulk && part == AMI_PAGE_SIZE) {
			mem = read_bulk(dump, paddr >> AMI_PAGE_SHIFT, p,
					len / AMI_PAGE_SIZE, &pages);
			part = pages * AMI_PAGE_SIZE;
		} else {
			mem = read_piece(dump, paddr, p, part);
		}
		dump->left_out |= mem == AMI_MEM_FILTERED;
		if (mem != AMI_MEM_OK)
			return mem;
		p += part;
		paddr += part;
		len -= part;
	}
	return AMI_MEM_OK;
}

const uint8_t *ami_dump_page(struct ami_dump *dump, uint64_t pfn,
			     enum ami_mem *mem)
{
	unsigned int i;

	*mem = dump_cache_get(dump, pfn, &i);
	if (*mem != AMI_MEM_OK)
		return NULL;
	if (dump->slot[i].valid != UINT64_MAX) {
		*mem = AMI_MEM_FILTERED;
		return NULL;
	}
	if (ami_dump_recording(dump))
		ami_record_add(&dump->record, pfn, UINT64_MAX);
	dump->slot[i].pins++;
	return dump_slot_data(dump, i);
}

void ami_dump_unpage(struct ami_dump *dump, const uint8_t *page)
{
	if (page)
		dump->slot[(page - dump->data) / AMI_PAGE_SIZE].pins--;
}
