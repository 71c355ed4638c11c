// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whose are the pages that devices could write? A page that is never a buffer
 * and yet mapped for a device means a mapping that outlived its buffer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exposure.h"

/**
 * struct tally - counting one exposure
 * @first: of each owner, the first page met
 */
struct tally {
	struct ami_exposures *ex;
	struct ami_exposure *e;
	uint64_t first[AMI_OWNERS];
};

static bool count_pages(void *ctx, uint64_t first, uint64_t count)
{
	struct tally *t = ctx;
	struct ami_dump *dump = ami_kernel_dump(t->ex->state->kernel);
	uint64_t pfn;

	for (pfn = first; pfn < first + count; pfn++) {
		enum ami_owner owner = ami_owner_of(t->ex->owners, pfn);

		if (!t->e->owners[owner]++)
			t->first[owner] = pfn;
		check_content(t->ex, t->e, pfn, owner);
	}
	return !ami_dump_interrupted(dump);
}

static const char *code_of(enum ami_owner owner)
{
	switch (owner) {
	case AMI_OWNER_FREE:
		return "free-page-exposed";
	case AMI_OWNER_STACK:
		return "stack-exposed";
	case AMI_OWNER_PAGE_TABLE:
		return "page-table-exposed";
	case AMI_OWNER_IOMMU_TABLE:
		return "io-page-table-exposed";
	case AMI_OWNER_MEMMAP:
		return "memmap-exposed";
	default:
		return "kernel-image-exposed";
	}
}

static const char *story_of(enum ami_owner owner)
{
	return owner == AMI_OWNER_FREE ?
	       "a buffer was freed while its mapping stayed (use after free by DMA)" :
	       "a mapping outlived its buffer, or the page was taken for one";
}

static void name_pages(struct tally *t, enum ami_owner owner)
{
	struct ami_state *s = t->ex->state;
	char where[AMI_REQUESTER_TEXT], iova[40] = "";
	struct ami_writer w;

	ami_requester_text(t->e->requester, where);
	if (ami_first_writer(t->ex, t->e, t->first[owner] << AMI_PAGE_SHIFT,
			     &w) && w.has_iova)
		snprintf(iova, sizeof(iova), ", IOVA %#" PRIx64, w.iova);
	ami_find(&s->findings, AMI_WARNING, code_of(owner), where,
		 "It could write %" PRIu64 " pages (%s) that are %s at the panic, the first at %#" PRIx64 "%s: %s.",
		 t->e->owners[owner], ami_class_name(t->e->class),
		 ami_owner_name(owner), t->first[owner] << AMI_PAGE_SHIFT,
		 iova, story_of(owner));
}

/* What the IOMMU writes itself lies where the driver allocated it. */
static void judge_owners(struct tally *t)
{
	int owner;

	if (t->e->class == AMI_CLASS_HARDWARE)
		return;
	for (owner = 0; owner < AMI_OWNERS; owner++)
		if (t->e->owners[owner] && ami_owner_never_buffer(owner))
			name_pages(t, owner);
}

static bool add_io_table(void *ctx, uint64_t first, uint64_t count)
{
	struct ami_owners *owners = ctx;

	while (count--)
		ami_owners_io_table(owners, first++);
	return true;
}

int find_owners(struct ami_exposures *ex)
{
	size_t i;

	ex->owners = ami_owners_new(ex->state);
	if (!ex->owners)
		return -1;
	ami_pfnset_ranges(ex->io_tables, add_io_table, ex->owners);
	for (i = 0; i < ex->count; i++) {
		struct tally t = { .ex = ex, .e = &ex->list[i] };

		if (!t.e->pages)
			continue;
		ami_pfnset_ranges(t.e->pages, count_pages, &t);
		judge_owners(&t);
	}
	return 0;
}
