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
 * struct sorted - all pages that devices could write, by owner
 *
 * Many exposures share pages; each page's owner is looked up once.
 */
struct sorted {
	struct ami_pfnset *all;
	struct ami_pfnset *class[AMI_CLASSES];
	struct ami_pfnset *of[AMI_OWNERS];
};

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

static void name_pages(struct ami_exposures *ex, const struct ami_exposure *e,
		       enum ami_owner owner, uint64_t first)
{
	char where[AMI_REQUESTER_TEXT], iova[40] = "";
	struct ami_writer w;

	ami_requester_text(e->requester, where);
	/* A search through all its tables: only for what will be kept. */
	if (!ami_findings_full(&ex->state->findings, code_of(owner)) &&
	    ami_first_writer(ex, e, first << AMI_PAGE_SHIFT, &w) && w.has_iova)
		snprintf(iova, sizeof(iova), ", IOVA %#" PRIx64, w.iova);
	ami_find(&ex->state->findings, AMI_WARNING, code_of(owner), where,
		 "It could write %" PRIu64 " pages (%s) that are %s at the panic, the first at %#" PRIx64 "%s: %s.",
		 e->owners[owner], ami_class_name(e->class),
		 ami_owner_name(owner), first << AMI_PAGE_SHIFT,
		 iova, story_of(owner));
}

/* What the IOMMU writes itself lies where the driver allocated it. */
static void judge_owner(struct ami_exposures *ex, const struct ami_exposure *e,
			const struct sorted *s, enum ami_owner owner)
{
	struct ami_pfnset *theirs;

	if (e->class >= AMI_CLASS_HARDWARE || !e->owners[owner] ||
	    !ami_owner_never_buffer(owner))
		return;
	theirs = ami_pfnset_and(e->pages, s->of[owner]);
	if (theirs)
		name_pages(ex, e, owner, ami_pfnset_first(theirs));
	ami_pfnset_free(theirs);
}

static void count_owners(struct ami_exposure *e, const struct sorted *s,
			 const struct ami_exposure *before)
{
	int owner;

	if (before && before->pages == e->pages) {
		memcpy(e->owners, before->owners, sizeof(e->owners));
		return;
	}
	for (owner = 0; owner < AMI_OWNERS; owner++)
		e->owners[owner] = ami_pfnset_common(e->pages, s->of[owner]);
}

/* Each page's content is held against its owner once, for who comes first. */
static int check_contents(struct ami_exposures *ex, const struct sorted *s)
{
	struct ami_pfnset *left = ami_pfnset_new();
	size_t i;

	if (!left)
		return -1;
	ami_pfnset_union(left, s->of[AMI_OWNER_FREE]);
	ami_pfnset_union(left, s->of[AMI_OWNER_SLAB]);
	for (i = 0; i < ex->count && ami_pfnset_count(left); i++) {
		struct ami_exposure *e = &ex->list[i];
		struct ami_pfnset *theirs;

		if (!e->pages || !ami_pfnset_common(e->pages, left))
			continue;
		theirs = ami_pfnset_and(e->pages, left);
		if (!theirs)
			break;
		check_content(ex, e, theirs, s->of[AMI_OWNER_FREE]);
		ami_pfnset_subtract(left, theirs);
		ami_pfnset_free(theirs);
	}
	ami_pfnset_free(left);
	return 0;
}

static bool add_io_table(void *ctx, uint64_t first, uint64_t count)
{
	struct ami_owners *owners = ctx;

	while (count--)
		ami_owners_io_table(owners, first++);
	return true;
}

/* All pages of a class, whoever could write them. */
static void unite(const struct ami_exposures *ex, enum ami_class class,
		  struct ami_pfnset *set)
{
	const struct ami_pfnset *before = NULL;
	size_t i;

	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (e->class != class || !e->pages || e->pages == before)
			continue;
		ami_pfnset_union(set, e->pages);
		before = e->pages;
	}
}

static int sort_exposed(struct ami_exposures *ex, struct sorted *s)
{
	int i;

	s->all = ami_pfnset_new();
	if (!s->all)
		return -1;
	for (i = 0; i < AMI_CLASSES; i++) {
		s->class[i] = ami_pfnset_new();
		if (!s->class[i])
			return -1;
		unite(ex, i, s->class[i]);
		ami_pfnset_union(s->all, s->class[i]);
	}
	for (i = 0; i < AMI_OWNERS; i++) {
		s->of[i] = ami_pfnset_new();
		if (!s->of[i])
			return -1;
	}
	return ami_owners_sort(ex->owners, s->all, s->of);
}

static void count_classes(struct ami_exposures *ex, const struct sorted *s)
{
	int class, owner;

	for (class = 0; class < AMI_CLASSES; class++)
		for (owner = 0; owner < AMI_OWNERS; owner++)
			ex->class_owners[class][owner] =
				ami_pfnset_common(s->class[class],
						  s->of[owner]);
}

static int tell_owners(struct ami_exposures *ex, const struct sorted *s)
{
	const struct ami_exposure *before = NULL;
	int owner;
	size_t i;

	count_classes(ex, s);
	for (i = 0; i < ex->count; i++) {
		struct ami_exposure *e = &ex->list[i];

		if (!e->pages)
			continue;
		count_owners(e, s, before);
		before = e;
		for (owner = 0; owner < AMI_OWNERS; owner++)
			judge_owner(ex, e, s, owner);
	}
	return check_contents(ex, s);
}

int find_owners(struct ami_exposures *ex)
{
	struct sorted s = { .all = NULL };
	int err, i;

	ex->owners = ami_owners_new(ex->state);
	if (!ex->owners)
		return -1;
	ami_pfnset_ranges(ex->io_tables, add_io_table, ex->owners);
	err = sort_exposed(ex, &s) ? -1 : tell_owners(ex, &s);
	for (i = 0; i < AMI_OWNERS; i++)
		ami_pfnset_free(s.of[i]);
	for (i = 0; i < AMI_CLASSES; i++)
		ami_pfnset_free(s.class[i]);
	ami_pfnset_free(s.all);
	return err;
}
