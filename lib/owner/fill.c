// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The owners of many page frames at once, in a window of them. What layout
 * decides is painted there, later strokes over earlier ones. For the rest,
 * struct pages are read, in ascending order.
 */
#include <string.h>

#include "owner.h"

#define BLOCK		AMI_OWNER_BLOCK	/* frames that are painted together */
#define BLOCKS		(AMI_OWNER_WINDOW / BLOCK)

/* Values beside owners: how to find out. */
enum stroke {
	BY_PAGE = AMI_OWNERS,	/* struct page says */
	BY_PAGE_AND_HINTS,	/* struct page, and where that does not know, hints */
	SINGLY,			/* each with exceptions */
};

/**
 * struct brush - what is painted, and where
 * @first: first frame of the window
 * @wanted: for each block, whether any of its frames is asked for
 */
struct brush {
	uint8_t *owner;
	uint64_t first;
	bool wanted[BLOCKS];
	uint8_t stroke;
};

static bool paint_run(void *ctx, uint64_t first, uint64_t count)
{
	struct brush *b = ctx;
	uint64_t at = first - b->first, end = at + count, stop;

	for (; at < end; at = stop) {
		stop = (at / BLOCK + 1) * BLOCK;
		if (stop > end)
			stop = end;
		if (b->wanted[at / BLOCK])
			memset(b->owner + at, b->stroke, stop - at);
	}
	return true;
}

static bool any(const uint64_t *word, size_t count)
{
	size_t i;

	for (i = 0; i < count && !word[i]; i++)
		;
	return i < count;
}

/* Kernel image and crashkernel: few pages, each with exceptions. */
static void paint_special(struct brush *b, uint64_t first, uint64_t end)
{
	uint64_t window = b->first;

	if (first < window)
		first = window;
	if (end > window + AMI_OWNER_WINDOW)
		end = window + AMI_OWNER_WINDOW;
	if (first < end)
		paint_run(b, first, end - first);
}

/* In the order of ami_owner_of(), backwards. */
static void paint(const struct ami_owners *o, struct brush *b)
{
	const struct {
		const struct ami_pfnset *set;
		uint8_t stroke;
	} layer[] = {
		{ o->memmap, AMI_OWNER_MEMMAP },
		{ o->coherent, AMI_OWNER_COHERENT },
		{ o->stacks, AMI_OWNER_STACK },
		{ o->tables, AMI_OWNER_PAGE_TABLE },
		{ o->io_tables, AMI_OWNER_IOMMU_TABLE },
	};
	const struct ami_range *crash = o->state->crashkernel;
	size_t i;

	b->stroke = BY_PAGE;
	paint_run(b, b->first, AMI_OWNER_WINDOW);
	b->stroke = BY_PAGE_AND_HINTS;
	for (i = 0; i < HINTS; i++)
		ami_pfnset_ranges_in(o->hint[i], b->first, AMI_OWNER_WINDOW,
				     paint_run, b);
	for (i = 0; i < sizeof(layer) / sizeof(layer[0]); i++) {
		b->stroke = layer[i].stroke;
		ami_pfnset_ranges_in(layer[i].set, b->first, AMI_OWNER_WINDOW,
				     paint_run, b);
	}
	b->stroke = SINGLY;
	for (i = 0; i < IMAGE_PARTS; i++)
		paint_special(b, o->image[i].first, o->image[i].end);
	for (i = 0; i < 2; i++)
		paint_special(b, crash[i].first,
			      crash[i].first + crash[i].count);
}

static enum ami_owner find(struct ami_owners *o, uint64_t pfn, uint8_t stroke)
{
	struct page_view v;
	enum ami_owner owner;

	if (stroke < AMI_OWNERS)
		return stroke;
	if (stroke == SINGLY)
		return ami_owner_of(o, pfn);
	owner = owner_by_struct_page(o, pfn, &v);
	return stroke == BY_PAGE_AND_HINTS ? owner_hint_apply(o, pfn, owner) :
					     owner;
}

/* The struct pages of a block of frames, together. */
static void prefetch_structs(struct ami_owners *o, const uint64_t *wanted,
			     uint64_t first)
{
	uint64_t frame[AMI_PREFETCH], page, phys;
	uint32_t i, count = 0;

	for (i = 0; i < BLOCK / 64 && count < AMI_PREFETCH; i++) {
		page = ami_pfn_to_page(o->kernel, first + i * 64);
		if (wanted[i] && page &&
		    ami_virt_to_phys(o->kernel, page, &phys) == AMI_MEM_OK)
			frame[count++] = phys >> AMI_PAGE_SHIFT;
	}
	ami_dump_prefetch(ami_kernel_dump(o->kernel), frame, count);
}

static void fill_block(struct ami_owners *o, const uint64_t *wanted,
		       uint64_t first, uint8_t *owner)
{
	uint64_t word;
	uint32_t i, at;

	prefetch_structs(o, wanted, first);
	for (i = 0; i < BLOCK; i += 64) {
		word = wanted[i / 64];
		ami_budget_spend(ami_dump_budget(ami_kernel_dump(o->kernel)),
				 __builtin_popcountll(word) * AMI_COST_READ);
		for (; word; word &= word - 1) {
			at = i + __builtin_ctzll(word);
			owner[at] = find(o, first + at, owner[at]);
		}
	}
}

void ami_owners_fill_each(struct ami_owners *o, uint64_t first,
			  const uint64_t *wanted, uint8_t *owner,
			  ami_owners_block_fn *done, void *ctx)
{
	struct brush b = { .owner = owner, .first = first };
	uint32_t i;

	for (i = 0; i < BLOCKS; i++)
		b.wanted[i] = any(wanted + i * BLOCK / 64, BLOCK / 64);
	paint(o, &b);
	for (i = 0; i < BLOCKS; i++) {
		if (!b.wanted[i])
			continue;
		fill_block(o, wanted + i * BLOCK / 64, first + i * BLOCK,
			   owner + i * BLOCK);
		if (ami_dump_stopped(ami_kernel_dump(o->kernel)))
			return;
		if (done)
			done(ctx, first + i * BLOCK);
	}
}

void ami_owners_fill(struct ami_owners *o, uint64_t first,
		     const uint64_t *wanted, uint8_t *owner)
{
	ami_owners_fill_each(o, first, wanted, owner, NULL, NULL);
}
