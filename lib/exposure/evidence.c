// SPDX-License-Identifier: GPL-2.0-or-later
/* Classes "inflight" and "posted": what drivers had asked devices to write. */
#include "exposure.h"

struct keep {
	struct ami_dump *dump;
	struct ami_exposure *e;
};

static bool keep_ram(void *ctx, uint64_t first, uint64_t count)
{
	struct keep *keep = ctx;

	keep->e->outside += exposure_add_ram(keep->e->pages, keep->dump, first, count);
	return true;
}

static int add_set(struct ami_exposures *ex,
		   const struct ami_evidence_set *set)
{
	struct ami_requester requester = { .bdf = set->device };
	struct keep keep = { .dump = ami_kernel_dump(ex->state->kernel) };

	keep.e = exposure_add(ex, requester,
			      set->kind == AMI_TRANSFER_POSTED ?
			      AMI_CLASS_POSTED : AMI_CLASS_INFLIGHT,
			      set->certainty);
	if (!keep.e)
		return -1;
	keep.e->pages = ami_pfnset_new();
	if (!keep.e->pages)
		return -1;
	ami_pfnset_ranges(set->pages, keep_ram, &keep);
	ami_pfnset_compact(keep.e->pages);
	keep.e->count = ami_pfnset_count(keep.e->pages);
	return 0;
}

int exposure_find_evidence(struct ami_exposures *ex)
{
	size_t i;

	for (i = 0; i < ex->evidence->nr_sets; i++)
		if (add_set(ex, &ex->evidence->sets[i]))
			return -1;
	return 0;
}

void ami_transfer_owner(const struct ami_exposures *ex,
			const struct ami_transfer *t,
			char text[AMI_OWNER_TEXT_SIZE])
{
	const struct ami_bounce *bounce;

	text[0] = '\0';
	if (t->kind != AMI_TRANSFER_INFLIGHT || !t->nr_spans)
		return;
	bounce = ami_bounce_of(ex->evidence, t->spans[0].phys);
	ami_owner_describe(ex->owners, bounce ? bounce->origin :
			   t->spans[0].phys, text, AMI_OWNER_TEXT_SIZE);
}
