// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device mapping of a page that is never a buffer means that the mapping
 * outlived its buffer.
 */
#include <inttypes.h>
#include <stdio.h>

#include "verdict.h"

static enum ami_finding_code code_of(enum ami_owner owner)
{
	switch (owner) {
	case AMI_OWNER_FREE:
		return AMI_FIND_FREE_PAGE_EXPOSED;
	case AMI_OWNER_STACK:
		return AMI_FIND_STACK_EXPOSED;
	case AMI_OWNER_PAGE_TABLE:
		return AMI_FIND_PAGE_TABLE_EXPOSED;
	case AMI_OWNER_IOMMU_TABLE:
	case AMI_OWNER_IOMMU:
		return AMI_FIND_IO_PAGE_TABLE_EXPOSED;
	case AMI_OWNER_OBJECT:
	case AMI_OWNER_PERCPU:
		return AMI_FIND_KERNEL_OBJECTS_EXPOSED;
	case AMI_OWNER_MEMMAP:
		return AMI_FIND_MEMMAP_EXPOSED;
	default:
		return AMI_FIND_KERNEL_IMAGE_EXPOSED;
	}
}

static const char *story_of(enum ami_owner owner)
{
	return owner == AMI_OWNER_FREE ?
	       "a buffer was freed while its mapping stayed (use after free by DMA)" :
	       "a mapping outlived its buffer, or the page was taken for one";
}

/* A reader's guess is only possible. It is not a bug of the machine. */
static bool is_guess(const struct ami_exposure *e)
{
	return e->class != AMI_CLASS_MAPPED && e->certainty == AMI_POSSIBLE;
}

static void name_pages(struct ami_exposures *ex, const struct ami_exposure *e,
		       enum ami_owner owner)
{
	char where[AMI_REQUESTER_TEXT], iova[40] = "";
	uint64_t phys = e->first[owner] << AMI_PAGE_SHIFT;
	struct ami_writer w = { .has_iova = false };

	ami_requester_text(e->requester, where);
	/*
	 * This searches all its tables, so do it only for findings that are
	 * kept.
	 */
	if (!ami_findings_full(ex->state->findings, code_of(owner)) &&
	    ami_first_writer(ex, e, phys, &w) && w.has_iova)
		snprintf(iova, sizeof(iova), ", IOVA %#" PRIx64, w.iova);
	(is_guess(e) ? ami_finding_note_with : ami_finding_add_with)(
		ex->state->findings, code_of(owner), where,
		AMI_FACTS(AMI_SAYS(PAGES, e->owners[owner]),
			  AMI_NAMES(CLASS, ami_class_name(e->class)),
			  AMI_NAMES(OWNER, ami_owner_name(owner)),
			  AMI_SAYS(PHYS, phys),
			  AMI_SAYS_IF(w.has_iova, IOVA, w.iova)),
		"It could write %" PRIu64 " page%s (%s) that %s %s %s, the first at %#" PRIx64 "%s: %s.",
		e->owners[owner], e->owners[owner] == 1 ? "" : "s",
		ami_class_name(e->class),
		e->owners[owner] == 1 ? "was" : "were", ami_owner_name(owner),
		ami_moment(ex->state), phys, iova, story_of(owner));
}

/*
 * Did somebody give the page to the device, by a mapping in force or a transfer?
 * A device without translation reaches such pages because the machine is set up
 * so. A page that was unmapped lazily may be free before the flush. What the
 * IOMMU writes itself is where the driver allocated it.
 */
bool verdict_was_given(const struct ami_exposure *e)
{
	return e->class == AMI_CLASS_MAPPED ||
	       e->class == AMI_CLASS_POSTED || e->class == AMI_CLASS_INFLIGHT;
}

static void report_unread(struct ami_exposures *ex,
			  const struct ami_exposure *e)
{
	uint64_t count = e->owners[AMI_OWNER_UNKNOWN];
	uint64_t phys = e->first[AMI_OWNER_UNKNOWN] << AMI_PAGE_SHIFT;
	const char *class = ami_class_name(e->class);
	char where[AMI_REQUESTER_TEXT];

	ami_requester_text(e->requester, where);
	ami_finding_add_with(ex->state->findings, AMI_FIND_OWNERS_UNREAD, where,
			AMI_FACTS(AMI_SAYS(PAGES, count), AMI_NAMES(CLASS, class),
				  AMI_SAYS(PHYS, phys)),
			"It could write %" PRIu64 " page%s (%s) whose owner cannot be read, the first at %#" PRIx64 ": the struct pages are not in the dump. Whether these pages were free or the kernel's own is not known.",
			count, count == 1 ? "" : "s", class, phys);
}

/* Pages whose owner may be wrong, because what shows it cannot be read. */
static void report_gaps(struct ami_exposures *ex)
{
	struct ami_owner_gaps gaps = ami_owners_gaps(ex->owners);

	if (gaps.caches)
		ami_finding_add_with(ex->state->findings,
				AMI_FIND_OWNERS_UNREAD,
				"slabs",
				AMI_FACTS(AMI_SAYS(PAGES, gaps.caches)),
				"The caches of %" PRIu64 " page%s of slabs cannot be read: whether their objects are ever buffers is not known.",
				gaps.caches, gaps.caches == 1 ? "" : "s");
	if (gaps.tables)
		ami_finding_add(ex->state->findings, AMI_FIND_OWNERS_UNREAD,
				"page tables", "What marks the page tables of processes cannot be read: such pages count as the kernel's.");
}

static void judge_owners(struct ami_exposures *ex, const struct ami_exposure *e)
{
	int owner;

	if (e->class >= AMI_CLASS_HARDWARE)
		return;
	for (owner = 0; owner < AMI_OWNERS; owner++)
		if (verdict_was_given(e) && e->owners[owner] &&
		    ami_owner_never_buffer(owner))
			name_pages(ex, e, owner);
	if (e->owners[AMI_OWNER_UNKNOWN])
		report_unread(ex, e);
}

/* Check each page once: the first exposure that covers it gets the finding. */
static int check_contents(struct ami_exposures *ex)
{
	struct ami_pfnset *left = ex->contents;
	size_t i;

	for (i = 0; i < ex->count && ami_pfnset_count(left); i++) {
		struct ami_exposure *e = &ex->list[i];
		struct ami_pfnset *theirs;

		if (!e->pages ||
		    !ami_exposures_spend_sets(ex, e->pages, left) ||
		    !ami_pfnset_common(e->pages, left))
			continue;
		theirs = ami_pfnset_and(e->pages, left);
		if (!theirs)
			return -1;
		verdict_check_content(ex, e, theirs, ex->free_contents);
		ami_pfnset_subtract(left, theirs);
		ami_pfnset_free(theirs);
	}
	return ami_pfnset_failed(left) ? -1 : 0;
}

static void report_stranger(struct ami_exposures *ex, enum ami_owner owner)
{
	uint64_t count = ex->stranger_tables[owner].count;
	uint64_t phys = ex->stranger_tables[owner].first << AMI_PAGE_SHIFT;
	const char *name = ami_owner_name(owner);

	if (!count)
		return;
	ami_finding_add_with(ex->state->findings, AMI_FIND_IO_TABLE_FREED,
			"I/O page tables",
			AMI_FACTS(AMI_SAYS(PAGES, count), AMI_NAMES(OWNER, name),
				  AMI_SAYS(PHYS, phys)),
			"%" PRIu64 " pages that devices' tables lead to are %s %s, the first at %#" PRIx64 ": they were freed while in use, or the entries above are damaged. The IOMMU takes what is written there for a table.",
			count, name, ami_moment(ex->state), phys);
}

int verdict_find_owners(struct ami_exposures *ex)
{
	size_t i;
	int owner;

	for (owner = 0; owner < AMI_OWNERS; owner++)
		report_stranger(ex, owner);
	for (i = 0; i < ex->count; i++)
		if (ex->list[i].pages)
			judge_owners(ex, &ex->list[i]);
	report_gaps(ex);
	return check_contents(ex);
}
