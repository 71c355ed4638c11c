// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of exposures, each chained with the others of its device. */
#include "exposure.h"

static uint64_t key_of(struct ami_bdf bdf)
{
	return (uint64_t)bdf.segment << 16 | bdf.devid;
}

/* Chain it with the others of its device. */
static bool link_exposure(struct ami_exposures *ex, size_t n)
{
	struct ami_exposure *e = &ex->list[n];
	size_t first;

	if (e->requester.is_iommu)
		return true;
	if (!ami_index_find(&ex->by_device, key_of(e->requester.bdf), &first))
		return ami_index_add(&ex->by_device, key_of(e->requester.bdf),
				     n);
	e->next = ex->list[first].next;
	ex->list[first].next = n + 1;
	return true;
}

struct ami_exposure *exposure_add(struct ami_exposures *ex,
				  struct ami_requester requester,
				  enum ami_class class,
				  enum ami_certainty certainty)
{
	size_t n = ex->count;

	if (vec_reserve(ex->list, n, SIZE_MAX))
		return NULL;
	ex->list[n] = (struct ami_exposure){
		.requester = requester, .class = class,
		.certainty = certainty, .complete = true,
	};
	if (!link_exposure(ex, n))
		return NULL;
	ex->count = n + 1;
	return &ex->list[n];
}

const struct ami_exposure *ami_exposure_next(const struct ami_exposures *ex,
					     struct ami_bdf bdf,
					     const struct ami_exposure *after)
{
	size_t first;

	if (after)
		return after->next ? &ex->list[after->next - 1] : NULL;
	return ami_index_find(&ex->by_device, key_of(bdf), &first) ?
	       &ex->list[first] : NULL;
}

bool ami_exposures_outside(const struct ami_exposures *ex)
{
	size_t i;

	for (i = 0; i < ex->count; i++)
		if (ex->list[i].outside)
			return true;
	return false;
}

struct ami_pfnset *ami_exposures_pages(const struct ami_exposures *ex)
{
	struct ami_pfnbatch all = { .set = ami_pfnset_new() };
	size_t i;

	for (i = 0; all.set && i < ex->count; i++)
		if (ex->list[i].pages)
			ami_pfnbatch_join(&all, ex->list[i].pages);
	if (all.set)
		ami_pfnbatch_flush(&all);
	return all.set;
}
