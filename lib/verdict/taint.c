// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Self-taint: data that this analysis rests on, where a device could write.
 * Buffers share pages with other objects, so this says "may", never "did".
 */
#include <inttypes.h>

#include "verdict.h"

/** struct tainted - pages with drivers' structures that one exposure covers */
struct tainted {
	struct ami_owners *owners;
	uint64_t count, first;
};

/*
 * Rings are read because devices write there. Slab objects hold driver state.
 */
static bool count_objects(void *ctx, uint64_t first, uint64_t count)
{
	struct tainted *t = ctx;

	for (; count; count--, first++) {
		if (!ami_owner_in_slab(ami_owner_of(t->owners, first)))
			continue;
		if (!t->count++)
			t->first = first;
	}
	return true;
}

static void taint_evidence(struct ami_exposures *ex,
			   const struct ami_exposure *e)
{
	struct tainted t = { .owners = ex->owners };
	char where[AMI_REQUESTER_TEXT];
	struct ami_pfnset *both;

	if (!ex->on.evidence_pages ||
	    !ami_exposures_spend_sets(ex, e->pages, ex->on.evidence_pages) ||
	    !ami_pfnset_common(e->pages, ex->on.evidence_pages))
		return;
	both = ami_pfnset_and(e->pages, ex->on.evidence_pages);
	if (!both)
		return;
	ami_pfnset_ranges(both, count_objects, &t);
	ami_pfnset_free(both);
	if (t.count)
		ami_finding_add_with(ex->state->findings, AMI_FIND_SELF_TAINT,
				ami_requester_text(e->requester, where),
				AMI_FACTS(
					AMI_SAYS(PAGES, t.count),
					AMI_NAMES(CLASS,
						  ami_class_name(e->class)),
					AMI_SAYS(PHYS,
						 t.first << AMI_PAGE_SHIFT)),
				"It could write %" PRIu64 " of the slab pages that drivers' evidence was read from (%s), the first at %#" PRIx64 ": what the report says about transfers may rest on overwritten memory.",
				t.count, ami_class_name(e->class),
				t.first << AMI_PAGE_SHIFT);
}

static void report_taint(struct ami_exposures *ex,
			 const struct ami_exposure *e,
			 const struct ami_pfnset *both)
{
	uint64_t pages = ami_pfnset_count(both);
	uint64_t phys = ami_pfnset_first(both) << AMI_PAGE_SHIFT;
	const char *class = ami_class_name(e->class);
	char where[AMI_REQUESTER_TEXT];

	ami_finding_add_with(ex->state->findings, AMI_FIND_SELF_TAINT,
			ami_requester_text(e->requester, where),
			AMI_FACTS(AMI_SAYS(PAGES, pages), AMI_NAMES(CLASS, class),
				  AMI_SAYS(PHYS, phys)),
			"It could write %" PRIu64 " of the pages that this analysis read the IOMMU state from (%s), the first at %#" PRIx64 ": what the report says may rest on overwritten memory.",
			pages, class, phys);
}

/*
 * The IOMMU's own semaphore and logs are read because it writes there. Observed
 * pages are in another class as well.
 */
int verdict_find_taint(struct ami_exposures *ex)
{
	const struct ami_pfnset *rests_on = ex->on.state_pages;
	struct ami_pfnset *both;
	size_t i;

	for (i = 0; i < ex->count && rests_on; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (!e->pages || e->class >= AMI_CLASS_HARDWARE ||
		    !ami_exposures_spend_sets(ex, e->pages, rests_on))
			continue;
		taint_evidence(ex, e);
		both = ami_pfnset_common(e->pages, rests_on) ?
		       ami_pfnset_and(e->pages, rests_on) : NULL;
		if (both)
			report_taint(ex, e, both);
		ami_pfnset_free(both);
	}
	return 0;
}
