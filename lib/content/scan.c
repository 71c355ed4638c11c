// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goes through the pages that are never a buffer and looks for what only a device
 * writes there. Nothing that is read here gets into an extract, which keeps the
 * results instead.
 */
#include <stdlib.h>
#include <string.h>

#include <common/vec.h>

#include "content.h"
#include "scan.h"

#define WINDOW		AMI_OWNER_WINDOW
/* More RAM than this has too many struct pages for each report. */
#define MAX_RAM_PAGES	(16ull << 20)

/*
 * A frame in a page of such an owner is newer than the owner. The kernel zeroes
 * the page when it allocates it, or fills it itself. Slabs need a closer look.
 */
static bool never_holds_frames(enum ami_owner owner)
{
	switch (owner) {
	case AMI_OWNER_PAGE_TABLE:
	case AMI_OWNER_IOMMU_TABLE:
	case AMI_OWNER_IOMMU:
	case AMI_OWNER_MEMMAP:
	case AMI_OWNER_STACK:
	case AMI_OWNER_TEXT:
	case AMI_OWNER_RODATA:
	case AMI_OWNER_OBJECT:
		return true;
	default:
		return false;
	}
}

/* Frames of one read. The dump sorts the list that it gets. */
static void look_at_batch(struct scan *s)
{
	uint64_t list[AMI_PREFETCH];
	size_t i;

	memcpy(list, s->batch, s->batched * sizeof(*list));
	ami_dump_prefetch(s->dump, list, s->batched);
	for (i = 0; i < s->batched; i++)
		content_look(s, s->batch[i], s->batch_owner[i]);
	s->batched = 0;
}

static void add_to_batch(struct scan *s, uint64_t pfn, enum ami_owner owner)
{
	s->batch[s->batched] = pfn;
	s->batch_owner[s->batched++] = owner;
	if (s->batched == AMI_PREFETCH)
		look_at_batch(s);
}

/*
 * The struct pages of a block have just been read for the owners. What lies in
 * them is looked at now, before they leave the cache.
 */
static void look_at_structs(struct scan *s, uint64_t first)
{
	const uint64_t *wanted = s->wanted + first % WINDOW / 64;
	uint64_t i, page, phys;

	for (i = 0; i < AMI_OWNER_BLOCK / 64; i++) {
		page = ami_pfn_to_page(s->kernel, first + i * 64);
		if (!wanted[i] || !page ||
		    ami_virt_to_phys(s->kernel, page, &phys) != AMI_MEM_OK)
			continue;
		phys >>= AMI_PAGE_SHIFT;
		if (ami_dump_ram(s->dump, phys) &&
		    ami_owner_of(s->ex->owners, phys) == AMI_OWNER_MEMMAP &&
		    !ami_pfnset_test_add(s->structs, phys))
			content_look(s, phys, AMI_OWNER_MEMMAP);
	}
}

static void look_at_frame(struct scan *s, uint64_t pfn)
{
	enum ami_owner owner = s->owner[pfn % WINDOW];

	if (!never_holds_frames(owner))
		return;
	if (owner == AMI_OWNER_MEMMAP)
		ami_pfnset_add(s->memmap, pfn, 1);
	else if (owner != AMI_OWNER_OBJECT || !content_slab_note(s, pfn))
		add_to_batch(s, pfn, owner);
}

static void look_at_block(void *ctx, uint64_t first)
{
	struct scan *s = ctx;
	uint64_t i, word;

	look_at_structs(s, first);
	for (i = 0; i < AMI_OWNER_BLOCK; i += 64)
		for (word = s->wanted[(first + i) % WINDOW / 64]; word;
		     word &= word - 1)
			look_at_frame(s, first + i + __builtin_ctzll(word));
}

static bool look_at_run(void *ctx, uint64_t first, uint64_t count)
{
	struct scan *s = ctx;

	for (; count && !ami_dump_stopped(s->dump); count--)
		add_to_batch(s, first++, AMI_OWNER_MEMMAP);
	return !count;
}

/* Those of frames that are no RAM, and that nobody asked for. */
static void look_at_other_structs(struct scan *s)
{
	ami_pfnset_subtract(s->memmap, s->structs);
	ami_pfnset_ranges(s->memmap, look_at_run, s);
	look_at_batch(s);
}

static void want_ram(const struct ami_dump_info *info, uint64_t first,
		     uint64_t *wanted, uint64_t *count)
{
	size_t i;

	memset(wanted, 0, WINDOW / 8);
	*count = 0;
	for (i = 0; i < info->nr_ram; i++) {
		uint64_t at = info->ram[i].first;
		uint64_t end = at + info->ram[i].count;

		if (at < first)
			at = first;
		if (end > first + WINDOW)
			end = first + WINDOW;
		for (; at < end; at++, ++*count)
			wanted[(at - first) / 64] |= 1ull << (at - first) % 64;
	}
}

static void scan_window(struct scan *s, uint64_t first)
{
	uint64_t count;

	want_ram(ami_dump_info(s->dump), first, s->wanted, &count);
	if (!count)
		return;
	ami_owners_fill_each(s->ex->owners, first, s->wanted, s->owner,
			     look_at_block, s);
	look_at_batch(s);
}

static void scan_all(struct scan *s)
{
	uint64_t first, max = ami_dump_info(s->dump)->max_pfn;

	for (first = 0; first < max && !ami_dump_stopped(s->dump);
	     first += WINDOW)
		scan_window(s, first);
	look_at_other_structs(s);
	content_slabs_check(s);
	s->no_memory |= ami_pfnset_failed(s->memmap) ||
			ami_pfnset_failed(s->structs);
}

static bool make_room(struct scan *s)
{
	s->wanted = malloc(WINDOW / 8);
	s->owner = malloc(WINDOW);
	s->room = malloc(SCAN_PAGES * AMI_PAGE_SIZE);
	s->memmap = ami_pfnset_new();
	s->structs = ami_pfnset_new();
	return s->wanted && s->owner && s->room && s->memmap && s->structs &&
	       !content_finder_init(&s->finder, s->c);
}

static void free_room(struct scan *s)
{
	content_finder_free(&s->finder);
	ami_pfnset_free(s->memmap);
	ami_pfnset_free(s->structs);
	free(s->wanted);
	free(s->owner);
	free(s->room);
}

int content_scan(struct ami_contents *c, const struct ami_exposures *ex,
		 bool large)
{
	struct scan s = {
		.c = c, .ex = ex, .kernel = ex->state->kernel,
		.dump = ami_kernel_dump(ex->state->kernel),
	};

	if (!large && ami_dump_ram_pages(s.dump) > MAX_RAM_PAGES)
		return 0;
	s.no_memory = !make_room(&s);
	if (!s.no_memory) {
		ami_dump_record_pause(s.dump, true);
		scan_all(&s);
		ami_dump_record_pause(s.dump, false);
	}
	c->whole = !ami_dump_stopped(s.dump) && !s.full;
	content_pages_end(&s);
	content_slabs_free(&s);
	free_room(&s);
	return s.no_memory ? -1 : 0;
}
