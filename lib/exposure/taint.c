// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Self-taint: what this analysis rests on, lying where a device could write.
 * Buffers share pages with other objects, so this says "may", never "did".
 */
#include <inttypes.h>

#include "exposure.h"

struct taint {
	const struct ami_exposure *e;
	uint64_t pages, first;
};

static bool compare(void *ctx, uint64_t first, uint64_t count)
{
	struct taint *t = ctx;
	uint64_t pfn;

	for (pfn = first; pfn < first + count; pfn++) {
		if (!ami_pfnset_has(t->e->pages, pfn))
			continue;
		if (!t->pages++)
			t->first = pfn;
	}
	return true;
}

/* The IOMMU's own semaphore and logs are read because it writes there. */
int find_taint(struct ami_exposures *ex)
{
	struct ami_state *s = ex->state;
	char where[AMI_REQUESTER_TEXT];
	size_t i;

	for (i = 0; i < ex->count && s->rests_on; i++) {
		struct taint t = { .e = &ex->list[i] };

		if (!t.e->pages || t.e->class == AMI_CLASS_HARDWARE)
			continue;
		ami_pfnset_ranges(s->rests_on, compare, &t);
		if (t.pages)
			ami_find(&s->findings, AMI_WARNING, "self-taint",
				 ami_requester_text(t.e->requester, where),
				 "It could write %" PRIu64 " of the pages that this analysis read the IOMMU state from (%s), the first at %#" PRIx64 ": what is said here may rest on overwritten memory.",
				 t.pages, ami_class_name(t.e->class),
				 t.first << AMI_PAGE_SHIFT);
	}
	return 0;
}
